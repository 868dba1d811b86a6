import type { RangeOptions } from '@kv/client'
import type { Arguments } from '../arguments.ts'
import { usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import type { Encoding } from '../encoding.ts'
import { encodeToLine } from '../encoding.ts'
import { doneExitCode } from '../exit-codes.ts'
import { formatEntry } from '../json-lines.ts'
import {
  keyEncodingFlag,
  keyEncodingOf,
  keyFlagOf,
  valueEncodingFlag,
  valueEncodingOf,
} from '../key-flags.ts'
import type { Entry } from '../kv.ts'
import { LineWriter } from '../line-writer.ts'

export const range: Command = {
  name: 'range',
  positionals: [],
  summary: 'Prints keys and values in the order of the keys',
  details:
    'One line an entry: key, tab, value. Tabs, line breaks, other control characters and backslashes are\nescaped as \\t, \\n, \\xNN and \\\\. With --json one JSON object a line.',
  flags: {
    prefix: { type: 'string', describe: 'keys that begin with this' },
    gte: { type: 'string', describe: 'from this key on' },
    gt: { type: 'string', describe: 'behind this key' },
    lte: { type: 'string', describe: 'up to this key, inclusive' },
    lt: { type: 'string', describe: 'before this key' },
    reverse: { type: 'boolean', describe: 'from the last key to the first' },
    limit: { type: 'string', describe: 'so many entries at most' },
    'keys-only': { type: 'boolean', describe: 'leave the values out' },
    'key-encoding': keyEncodingFlag,
    'value-encoding': valueEncodingFlag,
  },
  examples: [
    ['kv range --prefix user:', 'all users'],
    ['kv range --gte a --lt b --reverse --limit 10', 'the last ten that begin with a'],
    ['kv range --keys-only | wc -l', 'how many keys there are'],
  ],
  async run(args, { connect, signal, stdout, json }) {
    const options = rangeOptionsOf(args)
    const format = json ? formatEntry : lineFormat(keyEncodingOf(args), valueEncodingOf(args))
    await using kv = await connect()
    const lines = new LineWriter(stdout)
    try {
      for await (const entry of kv.range({ ...options, signal })) await lines.write(format(entry))
    } finally {
      await lines.flush()
    }
    return doneExitCode
  },
}

function rangeOptionsOf(args: Arguments): RangeOptions {
  for (const [closed, open] of [
    ['gte', 'gt'],
    ['lte', 'lt'],
  ] as const) {
    if (args.text(closed) !== undefined && args.text(open) !== undefined) {
      throw usageError(`--${closed} and --${open} exclude each other`)
    }
  }
  return {
    prefix: keyFlagOf(args, 'prefix'),
    gte: keyFlagOf(args, 'gte'),
    gt: keyFlagOf(args, 'gt'),
    lte: keyFlagOf(args, 'lte'),
    lt: keyFlagOf(args, 'lt'),
    reverse: args.isSet('reverse'),
    limit: args.wholeNumber('limit', 0),
    keysOnly: args.isSet('keys-only'),
  }
}

function lineFormat(keyEncoding: Encoding, valueEncoding: Encoding): (entry: Entry) => string {
  return ({ key, value }) => {
    const keyText = encodeToLine(key, keyEncoding)
    return value === undefined ? keyText : `${keyText}\t${encodeToLine(value, valueEncoding)}`
  }
}
