/** How merges stand, for people. The map is the server's, so nothing is taken for granted. */
import type { Plain, PlainMap } from '@kv/client'
import { escapeMessage } from './escape.ts'
import { formatBytes, formatCountOf, formatMs } from './units.ts'

/** Of the answer to a stats request; empty when it says nothing of them. */
export function mergesIn(stats: PlainMap): PlainMap {
  return mapIn(mapIn(stats, 'store') ?? {}, 'merges') ?? {}
}

/** Of the merge that is running. */
export interface MergeProgress {
  readonly phase: string
  readonly inputFiles: number
  readonly inputBytes: number
  readonly writtenBytes: number
  readonly expectedBytes: number
  readonly leftMs: number | undefined
}

export function progressOf(merges: PlainMap): MergeProgress | undefined {
  const progress = mapIn(merges, 'progress')
  if (progress === undefined) return undefined
  const { phase } = progress
  return {
    phase: typeof phase === 'string' ? escapeMessage(phase) : 'running',
    inputFiles: numberIn(progress, 'inputFiles') ?? 0,
    inputBytes: numberIn(progress, 'inputBytes') ?? 0,
    writtenBytes: numberIn(progress, 'writtenBytes') ?? 0,
    expectedBytes: numberIn(progress, 'expectedBytes') ?? 0,
    leftMs: numberIn(progress, 'leftMs'),
  }
}

/** One line of what is done, one of when it is done next. */
export function describeMerges(merges: PlainMap): string {
  const progress = progressOf(merges)
  const isPaused = merges['paused'] === true
  const lines = [progress === undefined ? 'no merge is running' : describeProgress(progress)]
  if (isPaused) lines.push('merges are paused: kv merge resume lets them go on')
  if (merges['lacksRoom'] === true) lines.push('a merge is due that does not fit on the disk')
  const dead = numberIn(merges, 'deadRatio')
  const deadMin = numberIn(merges, 'deadRatioMin')
  if (dead !== undefined && deadMin !== undefined) {
    lines.push(`${percent(dead)} of the store is dead; merges start at ${percent(deadMin)}`)
  }
  const heldBackMs = numberIn(merges, 'heldBackMs') ?? 0
  if (heldBackMs > 0) lines.push(`writes have waited ${formatMs(heldBackMs)} for merges so far`)
  return lines.join('\n')
}

function describeProgress(progress: MergeProgress): string {
  const { phase, inputFiles, inputBytes, writtenBytes, expectedBytes, leftMs } = progress
  const left = leftMs === undefined ? '' : `, some ${formatMs(leftMs)} left`
  return `merging ${formatCountOf(inputFiles, 'file')} of ${formatBytes(inputBytes)}: ${phase}, ${formatBytes(writtenBytes)} of ${formatBytes(expectedBytes)} written${left}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function mapIn(map: PlainMap, name: string): PlainMap | undefined {
  const value: Plain | undefined = map[name]
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value) || value instanceof Uint8Array) return undefined
  return value as PlainMap
}

function numberIn(map: PlainMap, name: string): number | undefined {
  const value = map[name]
  return typeof value === 'number' ? value : undefined
}
