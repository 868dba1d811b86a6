import type { HintEntry } from './hint.ts'
import { type HintImage, HintImageEncoder } from './hint-image.ts'
import { Keydir } from './keydir/keydir.ts'
import { type RecordKind, type RecordView, recordKind } from './record.ts'

/** Entries handled in one turn of the event loop. */
const entriesPerSlice = 4_096

/** Of each key the newest record of one file, tombstones too: what the file's hint says. */
export class NewestRecords {
  /** The kind of a record in the place of a slot. */
  readonly #newest = new Keydir()
  readonly #location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }

  /** Takes in a record at byte `offset` of the file. Records of one file come in the order of their indices. */
  add(record: RecordView, offset: number): void {
    if (record.kind === recordKind.session) return
    const location = this.#location
    location.slot = record.kind
    location.offset = offset
    location.size = record.size
    location.index = record.index
    location.expiresAt = record.expiresAt
    this.#newest.set(record.source, record.keyStart, record.valueStart, location)
  }

  /** Forgets all, and keeps the memory for another file. */
  clear(): void {
    this.#newest.clear()
  }

  /** Visits all in key order, in slices with `nextTurn` between them. A promise that `visit` returns is waited for. */
  async visit(
    nextTurn: () => Promise<void>,
    visit: (entry: HintEntry) => Promise<void> | undefined,
  ): Promise<void> {
    const newest = this.#newest
    for (let from: Buffer | undefined; ; await nextTurn()) {
      let pending: Promise<void> | undefined
      let visited = 0
      newest.scan(from === undefined ? {} : { gt: from }, false, (key, location) => {
        from = key
        visited++
        pending = visit({ ...location, kind: location.slot as RecordKind, key })
        return pending === undefined && visited < entriesPerSlice
      })
      if (pending !== undefined) await pending
      else if (visited < entriesPerSlice) return
    }
  }

  /** The hint's entries in memory. */
  async image(nextTurn: () => Promise<void>): Promise<HintImage> {
    const encoder = new HintImageEncoder()
    await this.visit(nextTurn, (entry) => {
      encoder.add(entry)
      return undefined
    })
    return encoder.finish()
  }
}
