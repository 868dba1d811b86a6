/** How far a long command is, on a terminal; nowhere else. */
import type { CareProgress } from '@kv/engine/inspect'
import cliProgress from 'cli-progress'
import { escapeMessage } from './escape.ts'
import type { Output } from './output.ts'
import { formatBytes, formatCount } from './units.ts'

export interface Progress {
  update(done: { readonly records: number; readonly bytes: number }): void
  /** Once, whatever has happened: gives the terminal back. */
  stop(): void
}

export const silentProgress: Progress = { update: () => undefined, stop: () => undefined }

/** With `bytesTotal` a bar, without it counters. */
export function openProgress(
  output: Output,
  verb: string,
  bytesTotal: number | undefined,
): Progress {
  if (!output.isTerminal) return silentProgress
  const bar = barOn(output, bytesTotal === undefined ? countersFormat(verb) : barFormat(verb))
  bar.start(bytesTotal ?? 0, 0, payloadOf(0, 0))
  return {
    update: ({ records, bytes }) => bar.update(bytes, payloadOf(records, bytes)),
    stop: () => bar.stop(),
  }
}

/** A bar of bytes alone, whose total is known once work has begun. */
export interface ByteProgress {
  update(bytesDone: number, bytesTotal: number): void
  /** Once, whatever has happened: gives the terminal back. */
  stop(): void
}

export function openByteProgress(output: Output, verb: string): ByteProgress {
  if (!output.isTerminal) return { update: () => undefined, stop: () => undefined }
  const bar = barOn(output, `${verb} {bar} {percentage}% | {size} | {eta_formatted} left`)
  let isStarted = false
  return {
    update: (bytesDone, bytesTotal) => {
      const payload = { size: formatBytes(bytesDone) }
      if (isStarted) bar.update(bytesDone, payload)
      else bar.start(bytesTotal, bytesDone, payload)
      isStarted = true
    },
    stop: () => bar.stop(),
  }
}

function barOn(output: Output, format: string): cliProgress.SingleBar {
  return new cliProgress.SingleBar({
    stream: output.stream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  })
}

export interface FilesProgress {
  update(done: CareProgress): void
  /** Once, whatever has happened: gives the terminal back. */
  stop(): void
}

/** A bar over the bytes of a store's files. */
export function openFilesProgress(output: Output, verb: string): FilesProgress {
  if (!output.isTerminal) return { update: () => undefined, stop: () => undefined }
  const bar = new cliProgress.SingleBar({
    stream: output.stream,
    format: `${verb} {bar} {percentage}% | {size} | {path}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  })
  bar.start(1, 0, { size: formatBytes(0), path: '' })
  return {
    update: ({ path, bytesDone, bytesTotal }) => {
      bar.setTotal(bytesTotal)
      bar.update(bytesDone, { size: formatBytes(bytesDone), path: escapeMessage(path) })
    },
    stop: () => bar.stop(),
  }
}

function barFormat(verb: string): string {
  return `${verb} {bar} {percentage}% | {records} records | {size} | {eta_formatted} left`
}

function countersFormat(verb: string): string {
  return `${verb} | {records} records | {size} | {duration_formatted}`
}

function payloadOf(records: number, bytes: number): { records: string; size: string } {
  return { records: formatCount(records), size: formatBytes(bytes) }
}
