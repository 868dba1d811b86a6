import type { Arguments } from '../arguments.ts'
import { usageError } from '../cli-error.ts'
import type { Command, Context } from '../command.ts'
import { encodeToLine } from '../encoding.ts'
import { escapeForTerminal, escapeToLine } from '../escape.ts'
import { doneExitCode, notFoundExitCode } from '../exit-codes.ts'
import { formatMember } from '../json-lines.ts'
import {
  forceFlag,
  keyEncodingFlag,
  keyOf,
  valueEncodingFlag,
  valueEncodingOf,
} from '../key-flags.ts'
import type { Stored } from '../kv.ts'
import { OutputFile } from '../output-file.ts'

export const get: Command = {
  name: 'get',
  positionals: [{ name: 'key', required: true }],
  summary: 'Prints the value of a key',
  details:
    'The bytes are printed as they are; on a terminal with control characters escaped and a line break behind.\nExit code 1 when there is no such key.',
  flags: {
    out: { type: 'string', describe: 'write the value to this file' },
    force: forceFlag,
    'key-encoding': keyEncodingFlag,
    'value-encoding': valueEncodingFlag,
  },
  examples: [
    ['kv get user:1', 'prints Ada'],
    ['kv get photo:1 --out cat.jpg', 'the bytes, to a file'],
    ['kv get photo:1 --value-encoding base64', 'the bytes, as text'],
  ],
  async run(args, context) {
    const key = keyOf(args)
    const encoding = valueEncodingOf(args)
    const path = args.text('out')
    if (path !== undefined && context.json) throw usageError('--out and --json exclude each other')
    await using kv = await context.connect()
    const stored = await kv.get(key, { signal: context.signal })
    if (stored === undefined) return reportAbsent(key, context)
    if (context.json) {
      await context.stdout.writeLine(formatFound(stored))
    } else {
      const value = encoding === 'text' ? stored.value : encodeToLine(stored.value, encoding)
      await (path === undefined ? print(value, context) : save(value, path, args))
    }
    return doneExitCode
  },
}

async function reportAbsent(key: Buffer, { json, stdout, stderr }: Context): Promise<number> {
  if (json) await stdout.writeLine('{"found":false}')
  else await stderr.writeLine(`kv: there is no key ${escapeToLine(key)}`)
  return notFoundExitCode
}

function formatFound({ value, version, expiresAt }: Stored): string {
  const expiry = expiresAt === undefined ? '' : `,"expiresAt":${expiresAt}`
  return `{"found":true,${formatMember('value', value)},"version":${version}${expiry}}`
}

/** A pipe gets nothing but the value, if it is bytes; text of our making is a line. */
async function print(value: Uint8Array | string, { stdout }: Context): Promise<void> {
  if (typeof value === 'string') await stdout.writeLine(value)
  else if (stdout.isTerminal) await stdout.writeLine(escapeForTerminal(value))
  else await stdout.write(value)
}

async function save(value: Uint8Array | string, path: string, args: Arguments): Promise<void> {
  await using file = await OutputFile.create(path, args.isSet('force'))
  await file.write(value)
  await file.commit()
}
