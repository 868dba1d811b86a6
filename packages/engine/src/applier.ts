import type { FileTable } from './file-table.ts'
import { frameHeaderBytes } from './frame.ts'
import type { GroupFrame, Run } from './group.ts'
import type { Keydir } from './keydir/keydir.ts'
import type { OpenSegment } from './log-writer.ts'
import { RecordView, recordKind } from './record.ts'

/** Makes what was written visible: points the keydir at new records, and keeps account of what that leaves dead. */
export class Applier {
  readonly #keydir: Keydir
  readonly #files: FileTable
  /** Reused from record to record. */
  readonly #location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
  #activeSlot: number
  #appliedIndex: number

  /** The log has been applied up to `appliedIndex`. */
  constructor(keydir: Keydir, files: FileTable, active: OpenSegment, appliedIndex: number) {
    this.#keydir = keydir
    this.#files = files
    this.#activeSlot = files.slotOf(active.file)
    this.#appliedIndex = appliedIndex
  }

  /** Index of the last applied record. */
  get appliedIndex(): number {
    return this.#appliedIndex
  }

  /** From here on, runs stand in this segment. */
  rolledTo(active: OpenSegment): void {
    this.#activeSlot = this.#files.add(active.file, active.handle)
  }

  /** Applies a frame of a run that stands at byte `offset` of the active segment. */
  apply(run: Run, frame: GroupFrame, offset: number): void {
    // Made anew, as it holds on to what it reads: a run of large values would stay for as long as nothing is written.
    const record = new RecordView()
    const location = this.#location
    const slot = this.#activeSlot
    const active = this.#files.file(slot)
    const runStart = run.frames[0]!.start
    const end = frame.end - runStart
    for (let at = frame.start - runStart + frameHeaderBytes; at < end; at = record.end) {
      record.read(run.bytes, at, end)
      const { keyStart, valueStart, size } = record
      const isPut = record.kind === recordKind.put
      location.slot = slot
      location.offset = offset + at
      location.size = size
      location.index = record.index
      location.expiresAt = record.expiresAt
      const before = isPut
        ? this.#keydir.set(run.bytes, keyStart, valueStart, location)
        : this.#keydir.remove(run.bytes, keyStart, valueStart, record.index)
      if (before !== undefined) this.#files.file(before.slot).forget(before.size)
      if (isPut) active.remember(size)
    }
    this.#appliedIndex = frame.position.index - 1
  }
}
