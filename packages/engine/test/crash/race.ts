/**
 * One race: a store whose every await ends when the seed says so, a dozen calls that are under way together, and a
 * close in the midst of them.
 *
 * The oracle is strict. The log gives all writes one order, which the model knows from the order of the calls, so
 * whatever a read returns must be the store as of one version between what was certainly visible when the read
 * began and what was submitted when it ended; and no read may see an older version than one that had ended before
 * it began. That is strict serializability, of which linearizable keys, snapshots of one moment and batches that
 * are all or nothing are parts.
 */
import assert from 'node:assert/strict'
import { unreachable } from '../../src/assert.ts'
import { KvError } from '../../src/errors.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { keyText, textKey } from '../../src/key-text.ts'
import type { StoreOptions } from '../../src/options.ts'
import type { RangeEntry, StoredValue } from '../../src/results.ts'
import type { Snapshot } from '../../src/snapshot.ts'
import type { Store } from '../../src/store.ts'
import { MergeTally } from './merge-tally.ts'
import { type Disaster, Model, type ModelEntry, type ModelState, type Write } from './model.ts'
import { ModelledStore } from './modelled-store.ts'
import { type RaceAction, RaceActions, raceKeys, raceOptions } from './race-action.ts'
import { RaceClock } from './race-clock.ts'
import { RaceScheduler } from './race-scheduler.ts'
import { RacingFileSystem } from './racing-file-system.ts'
import { SteppingClock } from './stepping-clock.ts'

/** More than any race takes. */
const stepsMax = 20_000
/** Timers that may run while nothing else goes on before that is a hang. */
const idleTimersMax = 50

/** Turns for which a snapshot is left alone at most. */
const snapshotTurnsMax = 40

/** A store as it was closed, to race on. */
export interface RaceGround {
  readonly disk: SimFileSystem
  readonly model: Model
}

/** What a disaster in the middle of a race has left. */
interface DisasterGround extends RaceGround {
  readonly disaster: Disaster
}

/** What a state must be for a read to have seen it. */
type Agrees = (state: ModelState) => boolean

/** Some sealed segments, merge outputs, and tombstones that these must keep. */
export async function raceGround(seed: number): Promise<RaceGround> {
  const random = new SeededRandom(seed)
  const disk = new SimFileSystem()
  const options = { segmentBytes: 256, autoMerge: false, clock: new SteppingClock() }
  const actions = new RaceActions(random)
  let model = new Model()
  for (let life = 0; life < 2; life++) {
    const opened = await ModelledStore.open(disk, { ...options, mergeInputBytesMax: 900 }, model)
    for (let write = 0; write < 12; write++) {
      await opened.write(actions.write())
      if (write === 6) await opened.store.merge()
    }
    await opened.close()
    model = opened.model
  }
  return { disk, model }
}

export class Race {
  readonly #random: SeededRandom
  readonly #disk: SimFileSystem
  readonly #scheduler: RaceScheduler
  readonly #clock: RaceClock
  readonly #options: StoreOptions
  readonly #tally = new MergeTally()
  readonly #ground: RaceGround
  #opened!: ModelledStore
  #actions: RaceAction[]
  /** Steps between the beginnings of two calls, about. */
  readonly #pace: number
  /** The close does not wait for what is under way. */
  readonly #closesEarly: boolean
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<void> | undefined
  /** The lowest version that a read which begins now may see. */
  #seen = 0
  #left: DisasterGround | undefined
  #serial = 0
  /** Reads that were held against the model. */
  reads = 0
  kills = 0
  cuts = 0

  constructor(ground: RaceGround, seed: number) {
    this.#random = new SeededRandom(seed)
    this.#ground = ground
    this.#disk = ground.disk.clone()
    this.#scheduler = new RaceScheduler(this.#random)
    this.#clock = new RaceClock(this.#scheduler, [0, 0.2, 2][this.#random.below(3)]!)
    this.#options = raceOptions(this.#random)
    this.#actions = new RaceActions(this.#random).list()
    this.#pace = [1, 4, 12, 24][this.#random.below(4)]!
    this.#closesEarly = this.#random.below(3) === 0
  }

  get steps(): number {
    return this.#scheduler.steps
  }

  get overtakings(): number {
    return this.#scheduler.overtakings
  }

  get merges(): number {
    return this.#tally.merges
  }

  get partialMerges(): number {
    return this.#tally.partial
  }

  /** Ends when everything has ended, and the store was found right after its close and, in some races, after a kill or a power cut. */
  async run(): Promise<void> {
    const { model } = this.#ground
    const fileSystem = new RacingFileSystem(this.#disk, this.#scheduler)
    const racing = { clock: this.#clock, fileSystem, logger: this.#tally }
    this.#opened = await ModelledStore.open(this.#disk, { ...this.#options, ...racing }, model)
    this.#tally.store = this.#opened.store
    this.#scheduler.begin()
    await this.#raceAll()
    this.#opened.model.settle()
    assert.equal(this.#disk.openFiles, 0, 'open files after the close')
    await this.#reopen(this.#disk, this.#opened.model)
    if (this.#left === undefined) return
    await this.#reopen(this.#left.disk, this.#left.model, this.#left.disaster)
  }

  async #raceAll(): Promise<void> {
    const disasterAt = this.#random.below(4) === 0 ? this.#random.below(100) : undefined
    let idleTimers = 0
    for (let step = 0; step < stepsMax; step++) {
      const isOver = this.#closing !== undefined && this.#underWay.size === 0
      if (step === disasterAt && !isOver) this.#haveDisaster()
      if (this.#random.below(this.#pace) === 0 && this.#startNext()) idleTimers = 0
      else if (this.#random.below(40) === 0) this.#clock.fireNext()
      else if (this.#scheduler.step() || this.#startNext()) idleTimers = 0
      else if (isOver) return
      else assert(idleTimers++ < idleTimersMax && this.#clock.fireNext(), 'it hangs')
      await new Promise(setImmediate)
      if (this.#failure !== undefined) throw this.#failure.error
    }
    assert.fail('it does not end')
  }

  /** Begins the next call, and behind the last one the close. False when there is none to begin now. */
  #startNext(): boolean {
    const action = this.#actions.shift()
    if (action !== undefined) this.#note(this.#do(action))
    else if (this.#closing === undefined && (this.#closesEarly || this.#underWay.size === 0))
      this.#close()
    else return false
    return true
  }

  #close(): void {
    this.#closing = this.#opened.store.close()
    this.#note(this.#closing)
    this.#note(this.#refusedLate())
  }

  #note(action: Promise<void>): void {
    const ended = action
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#underWay.delete(ended))
    this.#underWay.add(ended)
  }

  #do(action: RaceAction): Promise<void> {
    const { store } = this.#opened
    switch (action.type) {
      case 'write':
        return this.#write(action.write)
      case 'conditional':
        return this.#conditional(action.key, action.ifAbsent)
      case 'get':
        return this.#observe('a get', async () =>
          this.#hasValues([action.key], [await store.get(textKey(action.key))]),
        )
      case 'getMany':
        return this.#observe('a getMany', async () =>
          this.#hasValues(action.keys, await store.getMany(action.keys.map(textKey))),
        )
      case 'page':
        return this.#observe('a page', async () => {
          const { limit, reverse } = action
          const { entries } = await store.page({ limit, reverse, bytesMax: 10_000 })
          return hasEntries(entries, '', reverse, limit)
        })
      case 'range':
        return this.#endsWithClose(this.#range(store, action.from, action.reverse))
      case 'count':
        return this.#endsWithClose(
          this.#observe('a count', async () => {
            const count = await store.count()
            return (state) => state.size === count
          }),
        )
      case 'snapshot':
        return this.#endsWithClose(this.#snapshot(action.reads))
      case 'merge':
        return this.#endsWithClose(store.merge())
      default:
        return unreachable(action)
    }
  }

  /** What was begun before the close is done. */
  async #write(write: Write): Promise<void> {
    const error = await this.#opened.write(write)
    assert.equal(error, undefined, 'a write that began before the close')
  }

  /** The condition is judged on all that was submitted before. */
  async #conditional(key: string, ifAbsent: boolean): Promise<void> {
    const { model, store } = this.#opened
    const current = model.state.get(key)?.version ?? 0
    const isHeld = ifAbsent ? current === 0 : this.#random.chance()
    const value = `c${this.#serial++}`
    const condition = ifAbsent ? { ifAbsent } : { ifVersion: isHeld ? current : current + 1 }
    if (isHeld) {
      return this.#write({ type: 'put', operations: [{ type: 'put', key, value }], condition })
    }
    const from = this.#floor()
    const error = await store.put(textKey(key), value, condition).catch((error: unknown) => error)
    assert(
      error instanceof KvError && error.code === 'KV_VERSION_MISMATCH',
      'a condition that does not hold',
    )
    this.#check('a refused condition', from, (state) => (state.get(key)?.version ?? 0) === current)
  }

  /** Holds what a read returns against the versions that it may have seen. */
  async #observe(what: string, read: () => Promise<Agrees>): Promise<void> {
    const from = this.#floor()
    this.#check(what, from, await read())
  }

  #check(what: string, from: number, agrees: Agrees): void {
    this.reads++
    const { model } = this.#opened
    const moment = model.endsBetween(from, model.version).find((end) => agrees(model.stateAt(end)))
    assert(
      moment !== undefined,
      `${what} saw no moment of the store between version ${from} and ${model.version} (I6)`,
    )
    this.#seen = Math.max(this.#seen, moment)
  }

  #floor(): number {
    return Math.max(this.#opened.model.floor('kill'), this.#seen)
  }

  async #range(source: Store | Snapshot, gte: string, reverse: boolean): Promise<void> {
    await this.#observe('a range', async () => {
      const entries: RangeEntry[] = []
      for await (const entry of source.range({ gte: textKey(gte), reverse })) {
        entries.push(entry)
        await this.#scheduler.turn()
      }
      return hasEntries(entries, gte, reverse, Number.POSITIVE_INFINITY)
    })
  }

  /** It sees the store as of its version, however long it is open. */
  async #snapshot(reads: number): Promise<void> {
    const { store, model } = this.#opened
    const from = this.#floor()
    using snapshot = store.snapshot()
    const { version } = snapshot
    assert(
      model.endsBetween(from, model.version).includes(version),
      'a snapshot is of a whole write (I6)',
    )
    this.#seen = Math.max(this.#seen, version)
    const state = new Map(model.stateAt(version))
    const isOfState = (what: string, agrees: Agrees): void => {
      this.reads++
      assert(agrees(state), `${what} of a snapshot is not as of its version ${version} (I6)`)
    }
    for (let read = 0; read < reads; read++) {
      // Now and then for so long that a merge begins and ends meanwhile.
      const turns = this.#random.below(3) === 0 ? snapshotTurnsMax : 1
      for (let turn = 0; turn < turns; turn++) await this.#scheduler.laterTurn()
      switch (this.#random.below(4)) {
        case 0: {
          const key = raceKeys[this.#random.below(raceKeys.length)]!
          isOfState('a get', this.#hasValues([key], [await snapshot.get(textKey(key))]))
          break
        }
        case 1:
          isOfState(
            'a getMany',
            this.#hasValues(raceKeys, await snapshot.getMany(raceKeys.map(textKey))),
          )
          break
        case 2: {
          const count = await snapshot.count()
          isOfState('a count', ({ size }) => size === count)
          break
        }
        default: {
          const reverse = this.#random.chance()
          const entries: RangeEntry[] = []
          for await (const entry of snapshot.range({ reverse })) {
            entries.push(entry)
            await this.#scheduler.turn()
          }
          isOfState('a range', hasEntries(entries, '', reverse, Number.POSITIVE_INFINITY))
        }
      }
    }
  }

  /** What takes several steps may be cut short by the close, and a snapshot by its bounds. */
  async #endsWithClose(action: Promise<unknown>): Promise<void> {
    try {
      await action
    } catch (error) {
      if (!(error instanceof KvError)) throw error
      const { snapshotMemoryBytesMax, snapshotIdleMs } = this.#options
      const mayExpire = snapshotMemoryBytesMax === 0 || snapshotIdleMs! < 1_000
      if (error.code === 'KV_CURSOR_EXPIRED' && mayExpire) return
      if (error.code === 'KV_CLOSED' && this.#closing !== undefined) return
      throw error
    }
  }

  /** Whoever comes too late is told so. */
  async #refusedLate(): Promise<void> {
    const { store } = this.#opened
    const calls = [
      store.get('a'),
      store.put('a', ''),
      store.count(),
      store.range().next(),
      store.merge(),
    ]
    for (const call of calls) {
      const error = await call.then(
        () => undefined,
        (error: unknown) => error,
      )
      assert(error instanceof KvError && error.code === 'KV_CLOSED', 'a call after the close')
    }
  }

  #hasValues(keys: readonly string[], found: readonly (StoredValue | undefined)[]): Agrees {
    return (state) => keys.every((key, place) => isEntry(state.get(key), found[place]))
  }

  /** Another process finds what is on the disk at this moment, or what a power cut would leave. */
  #haveDisaster(): void {
    const random = this.#random
    const disaster = random.chance() ? 'kill' : 'cut'
    const choice = { data: 'mixed', names: 'subset', seed: random.below(1_000_000) } as const
    this.#left = {
      disaster,
      disk: disaster === 'kill' ? this.#disk.clone() : this.#disk.crash(choice),
      model: this.#opened.model.frozen(),
    }
    if (disaster === 'kill') this.kills++
    else this.cuts++
  }

  async #reopen(disk: SimFileSystem, model: Model, disaster: Disaster = 'kill'): Promise<void> {
    const options = { ...this.#options, clock: new SteppingClock() }
    const opened = await ModelledStore.open(disk, options, model, disaster)
    await opened.close()
    assert.equal(disk.openFiles, 0, 'open files')
  }
}

function hasEntries(
  entries: readonly RangeEntry[],
  gte: string,
  reverse: boolean,
  limit: number,
): Agrees {
  return (state) => {
    const expected = [...state]
      .filter(([key]) => key >= gte)
      .sort(([a], [b]) => (a < b !== reverse ? -1 : 1))
      .slice(0, limit)
    return (
      expected.length === entries.length &&
      expected.every(
        ([key, entry], place) =>
          keyText(entries[place]!.key) === key && isEntry(entry, entries[place]),
      )
    )
  }
}

function isEntry(
  expected: ModelEntry | undefined,
  found: { readonly value: Buffer; readonly version: number } | undefined,
): boolean {
  if (expected === undefined || found === undefined) return expected === found
  return expected.version === found.version && expected.value === keyText(found.value)
}
