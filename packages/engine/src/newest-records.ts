import type { HintEntry } from './hint.ts'
import { type HintImage, HintImageEncoder } from './hint-image.ts'
import { sortedKeys } from './key-sort.ts'
import { type RecordView, recordKind } from './record.ts'
import { RecordColumns } from './record-columns.ts'

/** Entries handled in one turn of the event loop. */
const entriesPerSlice = 4_096
const recordsAtFirst = 1_024
const keyBytesAtFirst = 16 * recordsAtFirst
/** With so many, the older ones of each key are dropped before there is more room. */
const recordsMax = 2 ** 21

/** Of each key the newest record of one file, tombstones too: what the file's hint says. */
export class NewestRecords {
  readonly #recordsMax: number
  #columns = new RecordColumns(recordsAtFirst, keyBytesAtFirst)
  /** As `recordsMax`; more where so many keys are different. */
  #fullAt: number

  constructor(max: number = recordsMax) {
    this.#recordsMax = max
    this.#fullAt = max
  }

  /** Takes in a record at byte `offset` of the file. Records of one file come in the order of their indices. */
  add(record: RecordView, offset: number): void {
    if (record.kind === recordKind.session) return
    const keyBytes = record.valueStart - record.keyStart
    if (!this.#columns.hasRoom(keyBytes)) this.#makeRoom(keyBytes)
    this.#columns.add(record, offset)
  }

  /** Forgets all, and keeps the memory for another file. */
  clear(): void {
    this.#columns.clear()
    this.#fullAt = this.#recordsMax
  }

  /** Visits all in key order, in slices with `nextTurn` between them. A promise that `visit` returns is waited for. */
  async visit(
    nextTurn: () => Promise<void>,
    visit: (entry: HintEntry) => Promise<void> | undefined,
  ): Promise<void> {
    const columns = this.#columns
    const sorting = sortedKeys(columns)
    let sorted = sorting.next()
    for (; sorted.done !== true; sorted = sorting.next()) await nextTurn()
    let visited = 0
    for (const at of lastOfEach(columns, sorted.value)) {
      const pending = visit(columns.entry(at))
      if (pending !== undefined) await pending
      if (++visited % entriesPerSlice === 0) await nextTurn()
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

  #makeRoom(keyBytes: number): void {
    if (this.#columns.count >= this.#fullAt) {
      this.#columns = this.#columns.only(lastOfEach(this.#columns, orderOf(this.#columns)))
      this.#fullAt = Math.max(this.#recordsMax, 2 * this.#columns.count)
    }
    if (!this.#columns.hasRoom(keyBytes)) this.#columns = this.#columns.grown(keyBytes)
  }
}

function orderOf(columns: RecordColumns): Uint32Array {
  const sorting = sortedKeys(columns)
  let sorted = sorting.next()
  while (sorted.done !== true) sorted = sorting.next()
  return sorted.value
}

/** Of each key its last record in an order by keys. */
function* lastOfEach(columns: RecordColumns, order: Uint32Array): Generator<number> {
  for (let place = 0; place < order.length; place++) {
    const isLast =
      place + 1 === order.length || !columns.isSameKey(order[place]!, order[place + 1]!)
    if (isLast) yield order[place]!
  }
}
