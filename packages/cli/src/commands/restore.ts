import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { offline, requiredFlag, withProgress } from '../offline.ts'
import { formatBytes, formatCount, formatCountOf, formatMs } from '../units.ts'

export const restore: Command = {
  name: 'restore',
  positionals: [{ name: 'backup', required: true }],
  summary: 'Makes a store of a backup',
  details:
    'In a new or an empty directory. Every byte is checked on the way: without a whole backup no store is made.\nThe store gets new ids.',
  flags: { to: { type: 'string', describe: 'the data directory to make' } },
  examples: [['kv restore /mnt/backup/kv --to ./data', '']],
  async run(args, context) {
    const from = args.required('backup')
    const to = requiredFlag(args, 'to', 'the data directory to make')
    const { signal, stdout, json } = context
    const { report, ms } = await offline(({ restoreBackup }) =>
      withProgress(context, 'restoring', (onProgress) =>
        restoreBackup(from, to, { onProgress, signal }),
      ),
    )
    const { files, bytes, lastIndex, newStoreId } = report
    const text = json
      ? JSON.stringify({ ...report, ms: Math.round(ms) })
      : `restored ${formatCountOf(files, 'file')}, ${formatBytes(bytes)}, up to version ${formatCount(lastIndex)} in ${formatMs(ms)}: ${to} is the store ${newStoreId}`
    await stdout.writeLine(text)
    return doneExitCode
  },
}
