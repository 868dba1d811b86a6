import type { ServerLimits } from '@kv/client'
import type { Arguments } from '../arguments.ts'
import { usageError } from '../cli-error.ts'
import type { Command, Context } from '../command.ts'
import { decodeArgument, decodeContent } from '../encoding.ts'
import { doneExitCode } from '../exit-codes.ts'
import { openFileInput, openStandardInput, readValue } from '../input.ts'
import {
  ifVersionFlag,
  ifVersionOf,
  keyEncodingFlag,
  keyOf,
  valueEncodingFlag,
  valueEncodingOf,
} from '../key-flags.ts'

export const put: Command = {
  name: 'put',
  positionals: [
    { name: 'key', required: true },
    { name: 'value', required: false },
  ],
  summary: 'Stores a value',
  details: 'Without a value, and without --value-file, the value is read from standard input.',
  flags: {
    'value-file': { type: 'string', describe: 'file that holds the value; - is standard input' },
    'if-absent': { type: 'boolean', describe: 'only if there is no such key' },
    'if-version': ifVersionFlag,
    'ttl-ms': { type: 'string', describe: 'the key is gone so many milliseconds from now' },
    'key-encoding': keyEncodingFlag,
    'value-encoding': valueEncodingFlag,
  },
  examples: [
    ['kv put user:1 Ada', 'a text'],
    ['kv put photo:1 --value-file cat.jpg', 'the bytes of a file'],
    ['kv put photo:1 < cat.jpg', 'the same'],
    ['kv put lock:1 me --if-absent --ttl-ms 30000', 'a lock for half a minute, if it is free'],
  ],
  async run(args, context) {
    const key = keyOf(args)
    const conditions = {
      ifAbsent: args.isSet('if-absent') ? true : undefined,
      ifVersion: ifVersionOf(args),
      ttlMs: args.wholeNumber('ttl-ms', 1),
    }
    if (conditions.ifAbsent && conditions.ifVersion !== undefined) {
      throw usageError('--if-absent and --if-version exclude each other')
    }
    const readValue = valueReader(args, context)
    await using kv = await context.connect()
    const value = await readValue(kv.server.limits)
    const { signal, stdout, json } = context
    const { version, durability } = await kv.put(key, value, { signal, ...conditions })
    await stdout.writeLine(
      json ? JSON.stringify({ version, durability }) : `version ${version} (${durability})`,
    )
    return doneExitCode
  },
}

type ValueReader = (limits: ServerLimits) => Promise<Buffer>

/** Complains about the command line at once, and reads when it is known how much the server takes. */
function valueReader(args: Arguments, context: Context): ValueReader {
  const argument = args.optional('value')
  const file = args.text('value-file')
  const encoding = valueEncodingOf(args)
  if (argument !== undefined && file !== undefined) {
    throw usageError('a value and --value-file exclude each other')
  }
  if (argument !== undefined) {
    const value = decodeArgument(argument, encoding, 'the value')
    return () => Promise.resolve(value)
  }
  if (file !== undefined && file !== '-') {
    return async (limits) => {
      const input = await openFileInput(file, context.signal)
      const content = await readValue(input, contentBytesMax(limits))
      return decodeContent(content, encoding, file)
    }
  }
  const input = openStandardInput(
    context.stdin,
    context.signal,
    'there is no value: give it as an argument, with --value-file, or on standard input',
  )
  return async (limits) => {
    const content = await readValue(input, contentBytesMax(limits))
    if (content.length === 0 && file === undefined) {
      throw usageError("standard input is empty: an empty value is written as kv put KEY ''")
    }
    return decodeContent(content, encoding, input.name)
  }
}

/** Hex is twice as long as the value, and white space may stand around. */
function contentBytesMax({ valueBytesMax }: ServerLimits): number {
  return 2 * valueBytesMax + 1024
}
