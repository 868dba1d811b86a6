import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { offline, withProgress } from '../offline.ts'
import { formatBytes, formatCount, formatCountOf, formatMs } from '../units.ts'

export const verifyBackup: Command = {
  name: 'verify-backup',
  positionals: [{ name: 'backup', required: true }],
  summary: 'Reads every byte of a backup and checks it',
  details: 'Changes nothing. With exit code 0 the backup can be restored.',
  flags: {},
  examples: [['kv verify-backup /mnt/backup/kv', '']],
  async run(args, context) {
    const directory = args.required('backup')
    const { signal, stdout, json } = context
    const { report, ms } = await offline((engine) =>
      withProgress(context, 'verifying', (onProgress) =>
        engine.verifyBackup(directory, { onProgress, signal }),
      ),
    )
    const { files, bytes, lastIndex, takenAt } = report
    const takenOn = new Date(takenAt).toISOString()
    const text = json
      ? JSON.stringify({ ...report, ms: Math.round(ms) })
      : `the backup of ${takenOn} is whole: ${formatCountOf(files, 'file')}, ${formatBytes(bytes)}, up to version ${formatCount(lastIndex)}, verified in ${formatMs(ms)}`
    await stdout.writeLine(text)
    return doneExitCode
  },
}
