import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { offline, requiredFlag, withProgress } from '../offline.ts'
import { formatBytes, formatCount, formatCountOf, formatMs } from '../units.ts'

export const backup: Command = {
  name: 'backup',
  positionals: [{ name: 'data-dir', required: true }],
  summary: 'Backs up a store that no process has open',
  details:
    'Into a new or an empty directory, or over an earlier backup of the same store: then only what is new is copied.\nThe store is opened for reading only. Copies are checked; what was there stays until the new one is whole.',
  flags: {
    to: { type: 'string', describe: 'the directory of the backup' },
    'bytes-per-second': { type: 'string', describe: 'go no faster [default: as fast as it can]' },
  },
  examples: [['kv backup ./data --to /mnt/backup/kv', '']],
  async run(args, context) {
    const from = args.required('data-dir')
    const to = requiredFlag(args, 'to', 'the directory of the backup')
    const bytesPerSecondMax = args.wholeNumber('bytes-per-second', 1_024)
    const { signal, stdout, json } = context
    const { report, ms } = await offline(({ backupStore }) =>
      withProgress(context, 'backing up', (onProgress) =>
        backupStore(from, to, { bytesPerSecondMax, onProgress, signal }),
      ),
    )
    const { files, bytesCopied, bytesReused, lastIndex } = report
    const text = json
      ? JSON.stringify({ ...report, ms: Math.round(ms) })
      : `backed up ${formatCountOf(files, 'file')} up to version ${formatCount(lastIndex)} in ${formatMs(ms)}: ${formatBytes(bytesCopied)} copied, ${formatBytes(bytesReused)} there already`
    await stdout.writeLine(text)
    return doneExitCode
  },
}
