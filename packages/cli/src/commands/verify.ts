import { verifyStore } from '@kv/engine/inspect'
import type { Command } from '../command.ts'
import { doneExitCode, errorExitCodes } from '../exit-codes.ts'
import { openFilesProgress } from '../progress.ts'
import { describeVerify, formatVerifyJson, isSound } from '../verify-view.ts'

export const verify: Command = {
  name: 'verify',
  positionals: [{ name: 'directory', required: true }],
  summary: 'Checks every byte of a data directory that no server has open',
  details:
    'Changes nothing. A store that is damaged ends with the exit code of KV_CORRUPT_STORE; a torn tail and\nmissing or damaged shortcuts are no damage.',
  flags: {
    'bytes-per-second': { type: 'string', describe: 'read no faster than this' },
  },
  examples: [
    ['kv verify ./data', ''],
    ['kv verify ./data --bytes-per-second 10000000', 'beside other work on the disk'],
  ],
  async run(args, { stdout, stderr, signal, json }) {
    const bytesPerSecondMax = args.wholeNumber('bytes-per-second', 1)
    const directory = args.required('directory')
    const progress = openFilesProgress(stderr, 'checking')
    const report = await verifyStore(directory, {
      bytesPerSecondMax,
      signal,
      onProgress: (done) => progress.update(done),
    }).finally(() => progress.stop())
    await stdout.writeLine(json ? formatVerifyJson(report) : describeVerify(report))
    return isSound(report) ? doneExitCode : errorExitCodes.KV_CORRUPT_STORE
  },
}
