import { Keydir } from '../keydir/keydir.ts'
import type { Location } from '../keydir/location.ts'
import { neverExpires, type RecordView, recordKind } from '../record.ts'

/** Keys visited in one turn of the event loop. */
const keysPerTurn = 1_024

/** Of each key the newest record that was found, in memory outside the heap; tombstones too, whatever is found later. */
export class SalvagedKeys {
  readonly #puts = new Keydir()
  readonly #tombstones = new Keydir()
  /** Values that are known to be lost. */
  readonly #lost = new Keydir()
  readonly #location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: neverExpires }
  records = 0
  /** Of all records, lost ones too where they are known. */
  highestIndex = 0

  /** Takes in a record at byte `offset` of the file in `slot`. Files come in any order. */
  add(slot: number, record: RecordView, offset: number): void {
    this.records++
    this.noteIndex(record.index)
    if (record.kind === recordKind.session) return
    const location = this.#location
    location.slot = slot
    location.offset = offset
    location.size = record.size
    location.index = record.index
    location.expiresAt = record.expiresAt
    const keys = record.kind === recordKind.put ? this.#puts : this.#tombstones
    setIfNewer(keys, record.source, record.keyStart, record.valueStart, location)
  }

  /** A key was deleted at `index`, or has lost the value of that version. */
  note(what: 'deleted' | 'lost', key: Buffer, index: number): void {
    this.noteIndex(index)
    const location = { slot: 0, offset: 0, size: 0, index, expiresAt: neverExpires }
    const keys = what === 'deleted' ? this.#tombstones : this.#lost
    setIfNewer(keys, key, 0, key.length, location)
  }

  noteIndex(index: number): void {
    if (index > this.highestIndex) this.highestIndex = index
  }

  /** Visits the keys that are there, with their newest records, in key order and in slices. */
  async visitLiving(
    nextTurn: () => Promise<void>,
    visit: (key: Buffer, location: Location) => Promise<void> | undefined,
  ): Promise<void> {
    await visitAll(this.#puts, nextTurn, (key, location) =>
      this.#isDeleted(key, location.index) ? undefined : visit(key, location),
    )
  }

  /** Visits the keys whose newest value is lost, and the version they have instead. */
  async visitLost(
    nextTurn: () => Promise<void>,
    visit: (key: Buffer, version: number, olderVersion: number | undefined) => void,
  ): Promise<void> {
    await visitAll(this.#lost, nextTurn, (key, { index }) => {
      const older = this.#puts.lookup(key)?.index
      const isReplaced = (older !== undefined && older >= index) || this.#isDeleted(key, index)
      if (isReplaced) return undefined
      visit(key, index, older === undefined || this.#isDeleted(key, older) ? undefined : older)
      return undefined
    })
  }

  #isDeleted(key: Buffer, index: number): boolean {
    const deleted = this.#tombstones.lookup(key)
    return deleted !== undefined && deleted.index > index
  }
}

function setIfNewer(
  keys: Keydir,
  bytes: Buffer,
  keyStart: number,
  keyEnd: number,
  location: Location,
): void {
  const known = keys.lookup(bytes.subarray(keyStart, keyEnd))
  if (known === undefined || known.index < location.index) {
    keys.set(bytes, keyStart, keyEnd, location)
  }
}

async function visitAll(
  keys: Keydir,
  nextTurn: () => Promise<void>,
  visit: (key: Buffer, location: Location) => Promise<void> | undefined,
): Promise<void> {
  for (let from: Buffer | undefined; ; await nextTurn()) {
    let pending: Promise<void> | undefined
    let visited = 0
    keys.scan(from === undefined ? {} : { gt: from }, false, (key, location) => {
      from = key
      visited++
      pending = visit(key, { ...location })
      return pending === undefined && visited < keysPerTurn
    })
    if (pending !== undefined) await pending
    else if (visited < keysPerTurn) return
  }
}
