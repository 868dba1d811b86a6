import {
  chooseInputs,
  type MergeCandidate,
  type MergeCandidates,
  outputBytesFor,
  wantsRoll,
} from '../src/merge/policy.ts'

/** Sizes of the records that are written, in bytes, and of what a record adds to a hint. */
const putBytes = 1_044
const tombstoneBytes = 44
const hintBytes = 36
/** Key and value of a put: what somebody who stores it would count. */
const payloadBytes = 1_016

interface SimulatedRecord {
  readonly key: number
  readonly index: number
  readonly isPut: boolean
}

interface SimulatedFile {
  readonly slot: number
  readonly isLog: boolean
  isSealed: boolean
  readonly records: SimulatedRecord[]
  bytes: number
  liveRecords: number
  keptTombstoneBytes: number
  lowestKey: number
  highestKey: number
}

interface RunningMerge {
  readonly inputs: ReadonlySet<SimulatedFile>
  readonly survivors: readonly SimulatedRecord[]
  readonly survivingBytes: number
  copiedBytes: number
}

export interface SimulationOptions {
  readonly segmentBytes: number
  readonly deadRatioMin: number
  readonly inputBytesMax: number
  /** Bytes that a merge copies while one byte is written. */
  readonly speed: number
}

/** The files of a store and its merges, without a disk: as many bytes as in a store, and the same policy. */
export class SimulatedMerges {
  readonly #options: SimulationOptions
  /** The file and the index of each key's newest put. */
  readonly #newest = new Map<number, { readonly file: SimulatedFile; readonly index: number }>()
  #files: SimulatedFile[] = []
  #active: SimulatedFile
  #merge: RunningMerge | undefined
  #lastIndex = 0
  #lastSlot = 0
  #uncheckedBytes = 0
  merges = 0
  writtenBytes = 0
  copiedBytes = 0
  /** The highest space amplification since it was last set to 0. */
  peak = 0

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#active = this.#addFile(true)
  }

  get keys(): number {
    return this.#newest.size
  }

  get bytes(): number {
    return this.#files.reduce(
      (sum, { bytes, records }) => sum + bytes + records.length * hintBytes,
      0,
    )
  }

  get tombstoneBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.keptTombstoneBytes, 0)
  }

  get files(): number {
    return this.#files.length
  }

  put(key: number): void {
    this.#forget(key)
    this.#append({ key, index: ++this.#lastIndex, isPut: true })
    this.#newest.set(key, { file: this.#active, index: this.#lastIndex })
    this.#active.liveRecords++
    this.#step(putBytes)
  }

  delete(key: number): void {
    if (!this.#newest.has(key)) return
    this.#forget(key)
    this.#newest.delete(key)
    this.#append({ key, index: ++this.#lastIndex, isPut: false })
    this.#step(tombstoneBytes)
  }

  /** Merges until the policy has nothing more to do, and returns how many merges that took. */
  settle(mergesMax: number): number {
    this.#finishMerge()
    const before = this.merges
    while (this.#startMerge() && this.merges - before <= mergesMax) this.#finishMerge()
    this.#finishMerge()
    return this.merges - before
  }

  #step(bytes: number): void {
    this.writtenBytes += bytes
    this.#uncheckedBytes += bytes
    const { segmentBytes, deadRatioMin, speed } = this.#options
    if (this.#active.bytes >= segmentBytes) this.#roll()
    if (this.#merge !== undefined) {
      this.#merge.copiedBytes += bytes * speed
      // Syncs and the swap take as long as a sixteenth of a segment.
      if (this.#merge.copiedBytes >= this.#merge.survivingBytes + segmentBytes / 16) {
        this.#finishMerge()
        this.#startMerge()
      }
    }
    if (this.#uncheckedBytes < segmentBytes / 16) return
    this.#uncheckedBytes = 0
    this.peak = Math.max(this.peak, this.#spaceAmplification())
    const { bytes: activeBytes } = this.#active
    if (wantsRoll(this.#candidates(), activeBytes, segmentBytes / 8, deadRatioMin)) this.#roll()
    if (this.#merge === undefined) this.#startMerge()
  }

  #spaceAmplification(): number {
    const outputBytes = Math.min(this.#merge?.copiedBytes ?? 0, this.#merge?.survivingBytes ?? 0)
    return (this.bytes + outputBytes) / (this.#newest.size * payloadBytes)
  }

  #startMerge(): boolean {
    const { segmentBytes, deadRatioMin, inputBytesMax } = this.#options
    const candidates = this.#candidates()
    const { slots } = chooseInputs(candidates, {
      deadRatioMin,
      inputBytesMax,
      outputBytes: outputBytesFor(candidates, segmentBytes),
      roomBytes: Number.POSITIVE_INFINITY,
    })
    if (slots.length === 0) return false
    const inputs = new Set(this.#files.filter(({ slot }) => slots.includes(slot)))
    const survivors = this.#survivors(inputs)
    const survivingBytes = survivors.reduce((sum, record) => sum + sizeOf(record), 0)
    this.#merge = { inputs, survivors, survivingBytes, copiedBytes: 0 }
    this.merges++
    return true
  }

  #finishMerge(): void {
    if (this.#merge === undefined) return
    const { inputs, survivors, survivingBytes } = this.#merge
    this.#merge = undefined
    this.copiedBytes += survivingBytes
    const outputBytes = outputBytesFor(this.#candidates(), this.#options.segmentBytes)
    let output: SimulatedFile | undefined
    for (const record of survivors) {
      if (output === undefined || output.bytes >= outputBytes) {
        output = this.#addFile(false)
      }
      addTo(output, record)
      if (!record.isPut) output.keptTombstoneBytes += tombstoneBytes
      const newest = this.#newest.get(record.key)
      if (record.isPut && newest?.index === record.index) {
        output.liveRecords++
        this.#newest.set(record.key, { file: output, index: record.index })
      }
    }
    this.#files = this.#files.filter((file) => !inputs.has(file))
  }

  /** In key order: of each key the newest record of the inputs, if it lives. */
  #survivors(inputs: ReadonlySet<SimulatedFile>): SimulatedRecord[] {
    const newest = new Map<number, SimulatedRecord>()
    for (const { records } of inputs) {
      for (const record of records) {
        const other = newest.get(record.key)
        if (other === undefined || other.index < record.index) newest.set(record.key, record)
      }
    }
    const outside = this.#files.filter((file) => !inputs.has(file))
    return [...newest.values()]
      .filter((record) => this.#lives(record, outside))
      .sort((a, b) => a.key - b.key)
  }

  #lives({ key, index, isPut }: SimulatedRecord, outside: readonly SimulatedFile[]): boolean {
    const current = this.#newest.get(key)
    if (isPut) return current?.index === index
    if (current !== undefined) return false
    return outside.some(
      (file) =>
        (file.records[0]?.index ?? index) < index &&
        (file.isLog || (file.lowestKey <= key && key <= file.highestKey)),
    )
  }

  #candidates(): MergeCandidates {
    const log = this.#files.filter(({ isLog, isSealed }) => isLog && isSealed)
    const outputs = this.#files.filter(({ isLog }) => !isLog)
    const { bytes } = this.#active
    const deadBytes = bytes - this.#active.liveRecords * putBytes
    return {
      log: log.map(candidate),
      outputs: outputs.map(candidate),
      unsealed: { bytes, deadBytes },
    }
  }

  #forget(key: number): void {
    const newest = this.#newest.get(key)
    if (newest !== undefined) newest.file.liveRecords--
  }

  #append(record: SimulatedRecord): void {
    addTo(this.#active, record)
  }

  #roll(): void {
    this.#active.isSealed = true
    this.#active = this.#addFile(true)
  }

  #addFile(isLog: boolean): SimulatedFile {
    const file: SimulatedFile = {
      slot: ++this.#lastSlot,
      isLog,
      isSealed: !isLog,
      records: [],
      bytes: 0,
      liveRecords: 0,
      keptTombstoneBytes: 0,
      lowestKey: Number.POSITIVE_INFINITY,
      highestKey: Number.NEGATIVE_INFINITY,
    }
    this.#files.push(file)
    return file
  }
}

function addTo(file: SimulatedFile, record: SimulatedRecord): void {
  file.records.push(record)
  file.bytes += sizeOf(record)
  file.lowestKey = Math.min(file.lowestKey, record.key)
  file.highestKey = Math.max(file.highestKey, record.key)
}

function sizeOf({ isPut }: SimulatedRecord): number {
  return isPut ? putBytes : tombstoneBytes
}

function candidate(file: SimulatedFile): MergeCandidate {
  const { slot, isLog, records, bytes, liveRecords, keptTombstoneBytes } = file
  const indices = records.map(({ index }) => index)
  return {
    slot,
    bytes,
    deadBytes: bytes - liveRecords * putBytes,
    keptTombstoneBytes,
    liveRecords,
    lowestIndex: indices.reduce((least, index) => Math.min(least, index), Number.POSITIVE_INFINITY),
    highestIndex: indices.reduce((most, index) => Math.max(most, index), 0),
    lowestKey: isLog ? undefined : keyBytes(file.lowestKey),
    highestKey: isLog ? undefined : keyBytes(file.highestKey),
  }
}

function keyBytes(key: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(key)
  return bytes
}
