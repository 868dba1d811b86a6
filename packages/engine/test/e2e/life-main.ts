/** The process that lives the life of a store and meets a fault in it: see `life.ts`. */
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { unreachable } from '../../src/assert.ts'
import { KvError } from '../../src/errors.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import { textKey } from '../../src/key-text.ts'
import type { StoreOptions } from '../../src/options.ts'
import { Model } from '../crash/model.ts'
import { ModelledStore } from '../crash/modelled-store.ts'
import { keys, randomWrite } from '../crash/workload.ts'
import { FailingFileSystem, type Fault } from './failing-file-system.ts'
import { failpoints, StepMatcher } from './failpoint.ts'
import {
  type FaultKind,
  type LifePlan,
  type LifeWord,
  lifeOptions,
  lifeSteps,
  pauseMs,
} from './life.ts'

/** A process that is not killed where it should be ends by itself after so long, in ms. */
const unkilledMsMax = 30_000

const word = new Int32Array(new SharedArrayBuffer(4))

/** At once, so that nothing that happened stays unsaid. */
function say(word: LifeWord, ...rest: readonly (string | number)[]): void {
  writeSync(1, `${[word, ...rest].join(' ')}\n`)
}

/** Nothing of this process goes on. */
function stand(ms: number): void {
  Atomics.wait(word, 0, 0, ms)
}

class Life implements Fault {
  readonly #plan: LifePlan
  readonly #options: StoreOptions
  readonly #fileSystem: FailingFileSystem
  readonly #random: SeededRandom
  #model: Model
  #opened: ModelledStore<FailingFileSystem> | undefined
  #writes = 0

  constructor(plan: LifePlan) {
    this.#plan = plan
    const failpoint = failpoints.find(({ name }) => name === plan.failpoint)!
    this.#options = lifeOptions(failpoint)
    this.#fileSystem = new FailingFileSystem(plan.directory, new StepMatcher(failpoint), this)
    this.#random = new SeededRandom(plan.seed)
    this.#model = new Model(new Map(plan.entries), plan.version)
  }

  async live(): Promise<void> {
    let opened = await this.#open()
    for (const step of lifeSteps) {
      switch (step.type) {
        case 'burst':
          await Promise.all(Array.from({ length: step.writes }, () => this.#write(opened)))
          break
        case 'merge':
          await isDone(opened.store.merge())
          break
        case 'reopen':
          await opened.check()
          await this.#close(opened)
          opened = await this.#open()
          break
        default:
          unreachable(step)
      }
      if (!opened.store.stats().failed) continue
      // As a server does: it ends, and is started again.
      await this.#close(opened)
      opened = await this.#open()
    }
    await opened.check()
    await this.#close(opened)
    // A close that failed has told its caller so, and what it left must open.
    await this.#close(await this.#open())
    say('end')
  }

  async strike(half: () => Promise<unknown>): Promise<void> {
    say('hit')
    const { fault } = this.#plan
    if (fault !== 'pause') await half()
    if (fault === 'pause') await this.#readDuring(delay(pauseMs))
    else this.#fail(fault)
  }

  strikeSync(half: () => unknown): void {
    say('hit')
    const { fault } = this.#plan
    if (fault !== 'pause') half()
    if (fault === 'pause') stand(pauseMs)
    else this.#fail(fault)
  }

  #fail(fault: Exclude<FaultKind, 'pause'>): void {
    if (fault === 'kill') {
      stand(unkilledMsMax)
      process.exit(1)
    }
    throw Object.assign(new Error(`EIO: i/o error at '${this.#plan.failpoint}'`), { code: 'EIO' })
  }

  /** Reads go on while a call to the disk does not come back. */
  async #readDuring(pause: Promise<unknown>): Promise<void> {
    const ended = pause.then(() => true)
    const { store } = this.#opened ?? {}
    for (const key of store === undefined ? [] : keys) {
      const read = store!.get(textKey(key)).then(
        () => 'read' as const,
        (error: unknown) => error,
      )
      const outcome = await Promise.race([read, ended])
      if (outcome === 'read') say('read')
      else if (!(outcome instanceof KvError && outcome.code === 'KV_CLOSED')) {
        throw new Error('a read waited for a call to the disk that is none of its own', {
          cause: outcome,
        })
      }
    }
    await ended
  }

  /** The fault strikes once: what could not be opened can be then. */
  async #open(): Promise<ModelledStore<FailingFileSystem>> {
    const open = (): Promise<ModelledStore<FailingFileSystem>> =>
      ModelledStore.open(this.#fileSystem, this.#options, this.#model, 'kill', this.#plan.directory)
    this.#opened = await open().catch((error: unknown) => {
      if (!(error instanceof KvError)) throw error
      return open()
    })
    this.#model = this.#opened.model
    say('open', this.#opened.store.appliedIndex)
    return this.#opened
  }

  async #write(opened: ModelledStore<FailingFileSystem>): Promise<void> {
    const number = this.#writes++
    say('begin')
    const error = await opened.write(randomWrite(this.#random))
    if (error === undefined) say('done', number)
    else say('refused', number, error.outcome)
  }

  async #close(opened: ModelledStore<FailingFileSystem>): Promise<void> {
    await opened.idle()
    await isDone(opened.store.close())
    this.#opened = undefined
  }
}

/** False when it ended in an error that a store may end in. */
async function isDone(action: Promise<unknown>): Promise<boolean> {
  try {
    await action
    return true
  } catch (error) {
    assert(error instanceof KvError, String(error))
    return false
  }
}

await new Life(JSON.parse(process.argv[2]!) as LifePlan).live()
