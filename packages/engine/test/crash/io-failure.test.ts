/**
 * C4: the n-th call to the disk fails, for every other n until a run passes clean: errors once and for good, after
 * none, half or all of the work, and short transfers. No call hangs, none ends in anything but the error it
 * should, nothing acknowledged is lost, nothing refused comes back, and no descriptor stays open.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'vitest'
import { KvError, type StoreErrorCode } from '../../src/errors.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import type { Reached, SimErrorCode } from '../../src/file-system/sim-faults.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { textKey } from '../../src/key-text.ts'
import type { DurabilityMode, StoreOptions } from '../../src/options.ts'
import { ClassReport } from './class-report.ts'
import { Model } from './model.ts'
import { ModelledStore } from './modelled-store.ts'
import { replaying, runCase } from './replay.ts'
import { SteppingClock } from './stepping-clock.ts'
import { keys, randomWrite } from './workload.ts'

const seed = 4
const report = new ClassReport('C4', seed)

interface Plan {
  readonly code: SimErrorCode | 'short'
  readonly sticky: boolean
  readonly reached: Reached
  readonly durability: DurabilityMode
}

const reaches: readonly Reached[] = ['none', 'half', 'all']

/** In the modes in turn. */
const plans: readonly Plan[] = [false, true].flatMap((sticky) =>
  [
    ...(['EIO', 'ENOSPC'] as const).flatMap((code) =>
      reaches.map((reached) => ({ code, sticky, reached })),
    ),
    { code: 'EMFILE', sticky, reached: 'none' } as const,
    { code: 'short', sticky, reached: 'half' } as const,
  ].map((plan, place) => ({
    ...plan,
    durability: (place % 2 === 0) === sticky ? 'never' : 'always',
  })),
)

/** What a call may end in when the disk fails in some way. */
const expected: Record<Plan['code'], { write: StoreErrorCode[]; other: StoreErrorCode[] }> = {
  EIO: {
    write: ['KV_STORAGE_FAILED'],
    other: ['KV_STORAGE_FAILED', 'KV_CORRUPT_RECORD', 'KV_CORRUPT_STORE'],
  },
  ENOSPC: { write: ['KV_DISK_FULL'], other: ['KV_DISK_FULL'] },
  EMFILE: {
    write: ['KV_TRY_LATER', 'KV_STORAGE_FAILED'],
    other: ['KV_TRY_LATER', 'KV_STORAGE_FAILED'],
  },
  short: { write: [], other: [] },
}

/** More than any run makes. */
const callsMax = 2_000

/** Turns of the event loop after which a run has ended, or hangs: the simulated disk needs none. */
const turnsMax = 100

const unhandled: unknown[] = []
const noteUnhandled = (error: unknown): void => {
  unhandled.push(error)
}

beforeEach(() => {
  process.on('unhandledRejection', noteUnhandled)
})

afterEach(() => {
  process.off('unhandledRejection', noteUnhandled)
})

test.each(plans)(
  'C4: $code, sticky $sticky, reached $reached, in mode $durability',
  async (plan) => {
    const { code, sticky, reached, durability } = plan
    // About every other call. In even steps, all syncs may stand in between.
    const steps = new SeededRandom(seed + plans.indexOf(plan))
    for (let number = 1; number < callsMax; number += replaying ? 1 : 1 + steps.below(3)) {
      const name = `C4 ${code} ${sticky} ${reached} ${durability} ${number}`
      const faults = await runCase(name, async () => {
        const run = new FailingRun(plan, number)
        await withinTurns(run.run())
        assert.deepEqual(unhandled, [], 'unhandled rejections')
        report.count('cases')
        report.count('faults', run.faults)
        report.count('ops', run.operations)
        return run.faults
      })
      if (faults === 0) return
    }
    assert(replaying, 'no run passed clean')
  },
)

test('C4: there were enough of them', () => {
  report.finish(replaying ? {} : { cases: 2_400, faults: 2_400 })
})

/** A store's life on a disk that fails at one call. */
class FailingRun {
  readonly #plan: Plan
  #disk = new SimFileSystem()
  #faults = 0
  readonly #options: StoreOptions
  readonly #random = new SeededRandom(seed)
  #model = new Model()
  #failures = 0

  constructor(plan: Plan, number: number) {
    this.#plan = plan
    this.#options = {
      durability: plan.durability,
      segmentBytes: 500,
      mergeDeadRatioMin: 0.3,
      openFilesMax: 4,
      clock: new SteppingClock(),
      onFailure: () => this.#failures++,
    }
    const { code, sticky, reached } = plan
    if (code === 'short')
      this.#disk.shortenAt({ at: number, sticky, ...(sticky ? { bytes: 100 } : {}) })
    else this.#disk.failAt({ at: number, code, sticky, reached })
  }

  get faults(): number {
    return this.#faults + this.#disk.faultsInjected
  }

  get operations(): number {
    return this.#disk.operations
  }

  async run(): Promise<void> {
    for (let opening = 0; opening < 2; opening++) {
      const opened = await this.#open()
      this.#model = opened.model
      await this.#use(opened)
      await this.#close(opened)
      assert.equal(this.#disk.openFiles, 0, 'open files')
      assert(this.#failures <= 1, 'onFailure is called once')
      if (this.#failures > 0) break
    }
    await this.#checkLeft()
  }

  /**
   * A failed open leaves the store as it was: the next one succeeds. After an EIO the run goes on behind a
   * power cut: what a failed directory sync has lost, nothing but a restart of the machine shows.
   */
  async #open(): Promise<ModelledStore> {
    try {
      return await ModelledStore.open(this.#disk, this.#options, this.#model)
    } catch (error) {
      this.#expect(error, 'other')
      assert.equal(this.#disk.openFiles, 0, 'open files after a failed open')
      this.#disk.clearFaults()
      const again = this.#plan.code === 'EIO' ? this.#disk.clone() : this.#disk
      const opened = await ModelledStore.open(again, this.#options, this.#model)
      if (again === this.#disk) return opened
      await opened.store.close()
      this.#faults += this.#disk.faultsInjected
      this.#disk = this.#disk.crash({ data: 'none', names: 'dropped' })
      return ModelledStore.open(this.#disk, this.#options, this.#model, 'cut')
    }
  }

  async #use(opened: ModelledStore): Promise<void> {
    for (let burst = 0; burst < 4; burst++) {
      const writes = [randomWrite(this.#random), randomWrite(this.#random)]
      const errors = await Promise.all(writes.map((write) => opened.write(write)))
      const error = errors.find((error) => error !== undefined)
      if (error !== undefined) {
        this.#expect(error, 'write')
        if (error.code === 'KV_STORAGE_FAILED') return this.#checkFailed(opened)
        await this.#checkGoesOn(opened, error)
      }
      await this.#read(opened)
      if (burst === 2) await this.#attempt(() => opened.store.merge())
    }
  }

  async #close(opened: ModelledStore): Promise<void> {
    await opened.idle()
    const closed = await this.#attempt(() => opened.store.close())
    if (closed && this.#failures === 0) opened.model.settle()
  }

  /** Writing has ended, for all time: also on a disk that is well again. Reads go on. */
  async #checkFailed(opened: ModelledStore): Promise<void> {
    assert.equal(this.#failures, 1, 'onFailure was called')
    this.#disk.clearFaults()
    const again = await opened.store.put('again', '').catch((error: unknown) => error)
    assert(
      again instanceof KvError && again.code === 'KV_STORAGE_FAILED',
      'a write after a failure',
    )
    assert(opened.store.stats().failed, 'stats().failed')
    for (const key of keys) {
      const value = (await opened.store.get(textKey(key)))?.value.toString('latin1')
      const allowed = opened.model.valuesBetween(key, opened.model.floor('kill'), Infinity)
      assert(allowed.includes(value), 'a read after a failure')
    }
  }

  /** Nothing of what was refused is there, and the store takes writes again without a restart. */
  async #checkGoesOn(opened: ModelledStore, { code }: KvError): Promise<void> {
    this.#disk.clearFaults()
    await opened.check()
    if (code === 'KV_DISK_FULL') await this.#checkCutNow(opened.model)
    const error = await opened.write(randomWrite(this.#random))
    assert.equal(error, undefined, 'a write after the disk is well again')
  }

  /** Nor does a power cut bring any of it back. */
  async #checkCutNow(model: Model): Promise<void> {
    for (const data of ['none', 'all', 'subset', 'torn', 'sectors'] as const) {
      const disk = this.#disk.crash({ data, names: 'subset', seed: this.#random.below(1_000) })
      const opened = await ModelledStore.open(disk, this.#options, model, 'cut')
      await opened.store.close()
    }
  }

  async #read(opened: ModelledStore): Promise<void> {
    if (await this.#attempt(() => opened.check())) return
    this.#disk.clearFaults()
    await opened.check()
  }

  /** What is on the disk now survives the death of the process, and a power cut. */
  async #checkLeft(): Promise<void> {
    const cut = this.#disk.crash({ data: 'none', names: 'dropped' })
    for (const [disk, disaster] of [
      [this.#disk.clone(), 'kill'],
      [cut, 'cut'],
    ] as const) {
      const opened = await ModelledStore.open(disk, this.#options, this.#model, disaster)
      assert.equal(await opened.write(randomWrite(this.#random)), undefined, 'a write after all')
      await opened.check()
      await opened.close()
      assert.equal(disk.openFiles, 0, 'open files')
    }
  }

  /** False when it failed, in a way that it may. */
  async #attempt(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run()
      return true
    } catch (error) {
      this.#expect(error, 'other')
      return false
    }
  }

  #expect(error: unknown, what: 'write' | 'other'): void {
    const codes = expected[this.#plan.code][what]
    if (!(error instanceof KvError) || !codes.includes(error.code)) throw error
  }
}

async function withinTurns(run: Promise<void>): Promise<void> {
  const ended = run.then(() => true)
  for (let turn = 0; turn < turnsMax; turn++) {
    if (await Promise.race([ended, nextTurn()])) return
  }
  throw new Error('it hangs')
}

function nextTurn(): Promise<false> {
  return new Promise((resolve) => setImmediate(resolve, false))
}
