import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { followMerge } from '../merge-follower.ts'
import { describeMerge } from '../merge-sentence.ts'
import { formatPlain } from '../plain-json.ts'

export const mergeNow: Command = {
  name: 'merge-now',
  positionals: [],
  summary: 'Rewrites the data files without what is dead in them, and waits for it',
  details:
    'The server merges by itself too. Without --timeout-ms it may take ten minutes. On a terminal it shows how\nfar it is.',
  flags: {},
  examples: [['kv merge-now', '']],
  async run(args, { connect, signal, stdout, stderr, json }) {
    const timeoutMs = args.wholeNumber('timeout-ms', 1)
    await using kv = await connect()
    const startedAt = performance.now()
    const merging = kv.merge(timeoutMs === undefined ? { signal } : { signal, timeoutMs })
    await followMerge(kv, stderr, merging)
    const report = await merging
    const ms = performance.now() - startedAt
    await stdout.writeLine(json ? formatPlain(report) : describeMerge(report, ms))
    return doneExitCode
  },
}
