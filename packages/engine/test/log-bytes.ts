import type { LogPosition } from '../src/frame.ts'
import { Group, type LogOperation, type Waiter } from '../src/group.ts'
import { neverExpires, recordKind } from '../src/record.ts'
import { encodeSegmentHeader, segmentKind } from '../src/segment.ts'

const nobody: Waiter = { wantsSync: false, committed: () => undefined, failed: () => undefined }

/** A put of `value` under `key`; a tombstone without one. */
export function operation(key: string, value?: string): LogOperation {
  return {
    kind: value === undefined ? recordKind.tombstone : recordKind.put,
    key: Buffer.from(key),
    value: Buffer.from(value ?? ''),
    expiresAt: neverExpires,
  }
}

/** An unsealed log segment that starts at `start` and has one frame for each of `frames`. */
export function logSegment(
  start: LogPosition,
  frames: readonly (readonly LogOperation[])[],
): { bytes: Buffer; end: LogPosition } {
  const header = encodeSegmentHeader({
    kind: segmentKind.log,
    chainBefore: start.chain,
    firstIndex: start.index,
  })
  const group = new Group(start)
  for (const operations of frames) {
    group.add(operations, 1_700_000_000_000, nobody)
    group.closeFrame()
  }
  const run = group.takeRun(Number.POSITIVE_INFINITY)
  return { bytes: Buffer.concat([header, run?.bytes ?? Buffer.alloc(0)]), end: group.position }
}
