import type { SimBytes } from './sim-bytes.ts'

/**
 * One change of a file that no sync has made durable yet. It is settled when its caller was told so: a
 * sync that began before covers it by luck only, and so not at all.
 */
export type SimChange =
  | { kind: 'write'; position: number; bytes: Uint8Array; isSettled: boolean }
  | { kind: 'truncate'; size: number; isSettled: boolean }

export function applyChange(bytes: SimBytes, change: SimChange): void {
  if (change.kind === 'write') bytes.write(change.bytes, change.position)
  else bytes.resize(change.size)
}

/** How long a file of `length` bytes is after a change. */
export function lengthAfter(length: number, change: SimChange): number {
  if (change.kind === 'truncate') return change.size
  return Math.max(length, change.position + change.bytes.length)
}
