/**
 * A store under mixed load for long, every answer held against a model, and what it takes of the machine noted
 * meanwhile. Works on the engine itself: a session tells too little of what a range returns.
 */
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Store } from '@kv/engine'
import { directoryBytes } from '../directory-bytes.ts'
import { WrongAnswer } from './operations.ts'
import { type Random, randomFrom } from './random.ts'
import { TurnMonitor } from './turn-monitor.ts'

export interface Soak {
  readonly directory: string
  readonly keys: number
  readonly seconds: number
  /** Operations under way at any time. */
  readonly inFlight: number
  readonly segmentBytes: number
  readonly seed: number
}

/** Sizes in bytes. */
interface SoakSample {
  /** Since the beginning. */
  readonly seconds: number
  readonly rss: number
  readonly descriptors: number
  readonly directoryBytes: number
  readonly liveBytes: number
}

export interface SoakResult {
  readonly operations: number
  /** Values and entries that were held against the model. */
  readonly checked: number
  readonly merges: number
  readonly stallP999: number
  readonly stallMax: number
  readonly samples: readonly SoakSample[]
}

const sampleMs = 1_000
const batchKeys = 20
const rangeKeys = 100
const longValueBytes = 32 * 1024
/** What each operation's share is, summed up. */
const shares = { get: 0.4, put: 0.7, delete: 0.8, batch: 0.85, range: 0.95 }
/** So many operations, then the event loop turns: what answers in the same turn must not starve it. */
const operationsPerTurn = 64

export async function soak(options: Soak): Promise<SoakResult> {
  const { directory, segmentBytes } = options
  const store = await Store.open(directory, { durability: 'interval', segmentBytes })
  try {
    return await new Soaking(store, options).run()
  } finally {
    await store.close()
  }
}

/** Each key is written by one operation at a time, so that what a read may return is known. */
class Soaking {
  readonly #store: Store
  readonly #options: Soak
  readonly #random: Random
  /** By key: its generation, which decides its value; 0 when it is not there. */
  readonly #generations: Int32Array
  readonly #isBeingWritten: Uint8Array
  #operations = 0
  #checked = 0
  #inTurn = 0

  constructor(store: Store, options: Soak) {
    this.#store = store
    this.#options = options
    this.#random = randomFrom(options.seed)
    this.#generations = new Int32Array(options.keys)
    this.#isBeingWritten = new Uint8Array(options.keys)
  }

  async run(): Promise<SoakResult> {
    const { seconds, inFlight } = this.#options
    const samples: SoakSample[] = []
    const startedAt = performance.now()
    const endAt = startedAt + seconds * 1_000
    const turns = new TurnMonitor()
    const isOver = new AbortController()
    const sampling = (async () => {
      while (!isOver.signal.aborted) {
        samples.push(await this.#sample((performance.now() - startedAt) / 1_000))
        await delay(sampleMs)
      }
    })()
    const lane = async (): Promise<void> => {
      while (performance.now() < endAt) {
        if (++this.#inTurn % operationsPerTurn === 0) await new Promise(setImmediate)
        await this.#operate()
        this.#operations++
      }
    }
    try {
      await Promise.all(Array.from({ length: inFlight }, lane))
    } finally {
      isOver.abort()
      await sampling
    }
    const { completed } = this.#store.stats().merges
    await this.#checkAll()
    return {
      operations: this.#operations,
      checked: this.#checked,
      merges: completed,
      ...turns.stop(),
      samples,
    }
  }

  #operate(): Promise<void> {
    const chance = this.#random()
    const key = Math.floor(this.#random() * this.#options.keys)
    if (chance < shares.get) return this.#get(key)
    if (chance >= shares.range) return this.#getMany(key)
    if (chance >= shares.batch) return this.#range(key)
    return this.#isBeingWritten[key] === 1
      ? this.#get(key)
      : this.#write(chance < shares.put ? [key] : this.#keysOfBatch(key, chance), chance)
  }

  #keysOfBatch(key: number, chance: number): number[] {
    if (chance < shares.delete) return [key]
    const keys = Array.from({ length: batchKeys }, (_, at) => (key + at * 7) % this.#options.keys)
    return keys.filter((each) => this.#isBeingWritten[each] === 0)
  }

  async #write(keys: readonly number[], chance: number): Promise<void> {
    const isDelete = chance >= shares.put && chance < shares.delete
    for (const key of keys) this.#isBeingWritten[key] = 1
    const next = keys.map((key) => (isDelete ? 0 : Math.abs(this.#generations[key]!) + 1))
    if (isDelete) await this.#store.delete(keyOf(keys[0]!))
    else if (keys.length === 1) {
      await this.#store.put(keyOf(keys[0]!), valueOf(keys[0]!, next[0]!))
    } else {
      await this.#store.batch(
        keys.map((key, at) => ({ type: 'put', key: keyOf(key), value: valueOf(key, next[at]!) })),
      )
    }
    for (const [at, key] of keys.entries()) {
      // Generations go on behind a delete: a value that came back would be told from a new one.
      this.#generations[key] = isDelete ? -Math.abs(this.#generations[key]!) : next[at]!
      this.#isBeingWritten[key] = 0
    }
  }

  async #get(key: number): Promise<void> {
    const before = this.#stateOf(key)
    const found = await this.#store.get(keyOf(key))
    this.#check(key, before, found?.value)
  }

  async #getMany(key: number): Promise<void> {
    const keys = Array.from({ length: batchKeys }, (_, at) => (key + at * 13) % this.#options.keys)
    const before = keys.map((each) => this.#stateOf(each))
    const found = await this.#store.getMany(keys.map(keyOf))
    for (const [at, each] of keys.entries()) this.#check(each, before[at], found[at]?.value)
  }

  async #range(from: number): Promise<void> {
    const to = Math.min(this.#options.keys, from + rangeKeys)
    const before = Array.from({ length: to - from }, (_, at) => this.#stateOf(from + at))
    const found = new Map<number, Buffer>()
    let last = ''
    for await (const { key, value } of this.#store.range({ gte: keyOf(from), lt: keyOf(to) })) {
      const text = key.toString('latin1')
      if (text <= last) throw new WrongAnswer(`a range gives ${text} behind ${last}`)
      last = text
      found.set(Number(text.slice(4)), value)
    }
    for (let key = from; key < to; key++) this.#check(key, before[key - from], found.get(key))
  }

  /** Undefined when a write is under way. */
  #stateOf(key: number): number | undefined {
    return this.#isBeingWritten[key] === 1 ? undefined : this.#generations[key]
  }

  /** A key that was not written while it was read has one answer only. */
  #check(key: number, before: number | undefined, value: Buffer | undefined): void {
    if (before === undefined || this.#stateOf(key) !== before) return
    this.#checked++
    if (before > 0 ? value !== undefined && isValueOf(value, key, before) : value === undefined)
      return
    throw new WrongAnswer(
      `${keyOf(key)} of generation ${before} was answered ${value === undefined ? 'missing' : `'${value.toString('latin1', 0, 24)}'`}`,
    )
  }

  async #checkAll(): Promise<void> {
    for (let from = 0; from < this.#options.keys; from += rangeKeys) await this.#range(from)
  }

  async #sample(seconds: number): Promise<SoakSample> {
    return {
      seconds,
      rss: process.memoryUsage.rss(),
      descriptors: readdirSync('/proc/self/fd').length,
      directoryBytes: await directoryBytes(this.#options.directory),
      liveBytes: this.#store.stats().files.liveBytes,
    }
  }
}

function keyOf(key: number): string {
  return `soak${String(key).padStart(9, '0')}`
}

/** Mostly short; one in 256 is long. Says whose it is, from its first byte to its last. */
function valueOf(key: number, generation: number): Buffer {
  return Buffer.allocUnsafe(valueBytesOf(key, generation)).fill(`${key}/${generation} `)
}

function valueBytesOf(key: number, generation: number): number {
  const mixed = Math.imul(key ^ (generation << 16) ^ generation, 0x85ebca6b) >>> 0
  return mixed % 256 === 0 ? longValueBytes : 40 + (mixed % 400)
}

/** What is checked is made here, not in memory of its own: the store's collections are to be seen, not the driver's. */
const scratch = Buffer.alloc(longValueBytes)

function isValueOf(value: Buffer, key: number, generation: number): boolean {
  const bytes = valueBytesOf(key, generation)
  if (value.length !== bytes) return false
  scratch.fill(`${key}/${generation} `, 0, bytes)
  return scratch.compare(value, 0, bytes, 0, bytes) === 0
}
