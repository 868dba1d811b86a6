import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { repairStore } from '@kv/engine/inspect'
import { usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { doneExitCode, lostExitCode } from '../exit-codes.ts'
import { openFilesProgress } from '../progress.ts'
import { describeRepair, formatRepairJson, isWhole } from '../repair-view.ts'

export const repair: Command = {
  name: 'repair',
  positionals: [{ name: 'directory', required: true }],
  summary: 'Saves what can be read of a damaged data directory into a new one',
  details:
    'The damaged directory is only read. What was lost is printed; where something was, the exit code is 2.',
  flags: {
    to: { type: 'string', describe: 'the new directory; must not be there, or be empty' },
    doubtful: {
      type: 'boolean',
      describe: 'take records, too, that may be bytes of a value that was put',
    },
    'every-file': {
      type: 'boolean',
      describe: 'read files, too, that MANIFEST does not name: deleted keys may come back',
    },
    'bytes-per-second': { type: 'string', describe: 'read no faster than this' },
  },
  examples: [['kv repair ./data --to ./repaired', '']],
  async run(args, { stdout, stderr, signal, json }) {
    const to = args.text('to')
    if (to === undefined) throw usageError('--to <directory> is missing')
    const bytesPerSecondMax = args.wholeNumber('bytes-per-second', 1)
    const progress = openFilesProgress(stderr, 'repairing')
    const source = await withoutLinks(args.required('directory'))
    const target = join(await withoutLinks(dirname(resolve(to))), basename(resolve(to)))
    const report = await repairStore(source, target, {
      bytesPerSecondMax,
      signal,
      takeDoubtful: args.isSet('doubtful'),
      everyFile: args.isSet('every-file'),
      onProgress: (done) => progress.update(done),
    }).finally(() => progress.stop())
    await stdout.writeLine(json ? formatRepairJson(report) : describeRepair(report, to))
    return isWhole(report) ? doneExitCode : lostExitCode
  },
}

/** So that a link cannot hide that one lies inside the other. What is not there has no links. */
async function withoutLinks(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path))
}
