import { formatInspection, inspect } from '@kv/engine/inspect'
import type { Command } from '../command.ts'
import { escapeJson, escapeMessage } from '../escape.ts'
import { doneExitCode } from '../exit-codes.ts'
import { LineWriter } from '../line-writer.ts'

export const inspectCommand: Command = {
  name: 'inspect',
  positionals: [{ name: 'path', required: true }],
  summary: 'Prints what stands in a file of a data directory, or in all of them',
  details:
    'One line for what stands at a byte; damage begins with !!. Nothing is locked or changed. With --json one\nJSON object a line.',
  flags: {
    values: { type: 'boolean', describe: 'print values too, at most 4 KiB of each' },
  },
  examples: [
    ['kv inspect ./data/MANIFEST', ''],
    ['kv inspect ./data | less', 'all files'],
  ],
  async run(args, { stdout, signal, json }) {
    const lines = new LineWriter(stdout)
    let path: string | undefined
    try {
      for await (const item of inspect(args.required('path'), {
        signal,
        values: args.isSet('values'),
      })) {
        if (json) await lines.write(escapeJson(JSON.stringify(item)))
        else {
          if (item.path !== path) await lines.write(escapeMessage(item.path))
          await lines.write(escapeMessage(formatInspection(item)))
        }
        path = item.path
      }
    } finally {
      await lines.flush()
    }
    return doneExitCode
  },
}
