/** How far a merge is, on a terminal; nowhere else. */
import cliProgress from 'cli-progress'
import type { Kv } from './kv.ts'
import { mergesIn, progressOf } from './merges-view.ts'
import type { Output } from './output.ts'
import { formatBytes, formatMs } from './units.ts'

const pollMs = 250
const format = 'merging {bar} {percentage}% | {phase} | {size} | {left}'

/** Asks the server for the progress of its merge again and again, until `merging` has ended. */
export async function followMerge(
  kv: Pick<Kv, 'stats'>,
  output: Output,
  merging: Promise<unknown>,
  intervalMs: number = pollMs,
): Promise<void> {
  if (!output.isTerminal) return
  const bar = new cliProgress.SingleBar({
    stream: output.stream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  })
  const ending = new AbortController()
  const end = merging.catch(() => undefined).finally(() => ending.abort())
  bar.start(1, 0, { phase: 'waiting', size: formatBytes(0), left: '' })
  try {
    while (!ending.signal.aborted) {
      await Promise.race([end, later(intervalMs)])
      if (ending.signal.aborted) break
      // Whatever keeps the server from answering, the merge is told of it.
      const stats = await kv.stats().catch(() => ({}))
      const progress = progressOf(mergesIn(stats))
      if (progress === undefined) continue
      const { phase, writtenBytes, expectedBytes, leftMs } = progress
      bar.setTotal(Math.max(1, expectedBytes))
      bar.update(Math.min(writtenBytes, expectedBytes), {
        phase,
        size: formatBytes(writtenBytes),
        left: leftMs === undefined ? '' : `${formatMs(leftMs)} left`,
      })
    }
  } finally {
    bar.stop()
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
