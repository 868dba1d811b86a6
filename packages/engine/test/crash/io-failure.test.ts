/**
 * C4: the n-th call to the disk fails, for every n until a run passes clean: errors once and for good, after
 * none, half or all of the work, and short transfers. No call hangs, none ends in anything but the error it
 * should, nothing acknowledged is lost, nothing refused comes back, and no descriptor stays open.
 */
import assert from 'node:assert/strict'
import { afterAll, afterEach, beforeEach, describe, test } from 'vitest'
import { KvError, type StoreErrorCode } from '../../src/errors.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import type { Reached, SimErrorCode } from '../../src/file-system/sim-faults.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { textKey } from '../../src/key-text.ts'
import type { StoreOptions } from '../../src/options.ts'
import { ClassReport } from './class-report.ts'
import { Model } from './model.ts'
import { ModelledStore } from './modelled-store.ts'
import { replaying, runCase } from './replay.ts'
import { SteppingClock } from './stepping-clock.ts'
import { keys, randomWrite } from './workload.ts'

const seed = 4
const report = new ClassReport('C4', seed)

interface Plan {
  readonly name: string
  readonly code: SimErrorCode | 'short'
  readonly sticky: boolean
  readonly reached: Reached
}

const reaches: readonly Reached[] = ['none', 'half', 'all']

const plans: readonly Plan[] = [false, true].flatMap((sticky) => [
  ...(['EIO', 'ENOSPC'] as const).flatMap((code) =>
    reaches.map((reached) => plan(code, sticky, reached)),
  ),
  plan('EMFILE', sticky, 'none'),
  plan('short', sticky, 'none'),
])

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

/** Turns of the event loop after which a run has ended, or hangs: the simulated disk needs none. */
const turnsMax = 100

let unhandled: unknown[] = []
const noteUnhandled = (error: unknown): void => {
  unhandled.push(error)
}

beforeEach(() => {
  process.on('unhandledRejection', noteUnhandled)
})

afterEach(() => {
  process.off('unhandledRejection', noteUnhandled)
})

describe.each(plans)('C4: $name', (plan) => {
  test.each(['always', 'never'] as const)('the n-th call fails, in mode %s', async (durability) => {
    let clean = false
    for (let number = 1; !clean; number++) {
      await runCase(`C4 ${plan.name} ${durability} ${number}`, async () => {
        const run = new FailingRun(plan, durability, number)
        await withinTurns(run.run())
        assert.deepEqual(unhandled, [], 'unhandled rejections')
        clean = run.faults === 0
        report.count('cases')
        report.count('faults', run.faults)
        report.count('ops', run.operations)
      })
    }
  })
})

afterAll(() => {
  report.finish(replaying ? {} : { cases: 2_400, faults: 2_400 })
})

/** A store's life on a disk that fails at one call. */
class FailingRun {
  readonly #plan: Plan
  readonly #disk = new SimFileSystem()
  readonly #options: StoreOptions
  readonly #random = new SeededRandom(seed)
  #model = new Model()
  #failures = 0

  constructor(plan: Plan, durability: 'always' | 'never', number: number) {
    this.#plan = plan
    this.#options = {
      durability,
      segmentBytes: 500,
      mergeDeadRatioMin: 0.3,
      openFilesMax: 4,
      clock: new SteppingClock(),
      onFailure: () => this.#failures++,
    }
    const { code, sticky, reached } = plan
    if (code === 'short')
      this.#disk.shortenAt({ at: number, sticky, ...(sticky ? { bytes: 1 } : {}) })
    else this.#disk.failAt({ at: number, code, sticky, reached })
  }

  get faults(): number {
    return this.#disk.faultsInjected
  }

  get operations(): number {
    return this.#disk.operations
  }

  async run(): Promise<void> {
    for (let session = 0; session < 2; session++) {
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

  /** A failed open leaves the store as it was: the next one succeeds. */
  async #open(): Promise<ModelledStore> {
    try {
      return await ModelledStore.open(this.#disk, this.#options, this.#model)
    } catch (error) {
      this.#expect(error, 'other')
      assert.equal(this.#disk.openFiles, 0, 'open files after a failed open')
      this.#disk.clearFaults()
      return ModelledStore.open(this.#disk, this.#options, this.#model)
    }
  }

  async #use(opened: ModelledStore): Promise<void> {
    for (let burst = 0; burst < 8; burst++) {
      const writes = [randomWrite(this.#random), randomWrite(this.#random)]
      const errors = await Promise.all(writes.map((write) => opened.write(write)))
      const error = errors.find((error) => error !== undefined)
      if (error !== undefined) {
        this.#expect(error, 'write')
        if (error.code === 'KV_STORAGE_FAILED') return this.#checkFailed(opened)
        await this.#checkGoesOn(opened)
      }
      await this.#read(opened)
      if (burst === 5) await this.#attempt(() => opened.store.merge())
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
  async #checkGoesOn(opened: ModelledStore): Promise<void> {
    this.#disk.clearFaults()
    await opened.check()
    const error = await opened.write(randomWrite(this.#random))
    assert.equal(error, undefined, 'a write after the disk is well again')
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

function plan(code: Plan['code'], sticky: boolean, reached: Reached): Plan {
  const part = code === 'EIO' || code === 'ENOSPC' ? ` after ${reached}` : ''
  return { name: `${code}${part} ${sticky ? 'for good' : 'once'}`, code, sticky, reached }
}

async function withinTurns(run: Promise<void>): Promise<void> {
  let ended = false
  const end = run.finally(() => {
    ended = true
  })
  end.catch(() => undefined)
  for (let turn = 0; turn < turnsMax && !ended; turn++) await new Promise(setImmediate)
  assert(ended, 'it hangs')
  await end
}
