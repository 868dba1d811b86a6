/**
 * C1: random commands against a `Map`, on tiny files, so that everything rolls, is sealed and merged all the
 * time. Every answer must be the model's; after a restart, a kill or a power cut the store must be one that the
 * model allows (I1 to I5), and after all that it must still be the same after one more restart (I10).
 */
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { keyText, textKey } from '../../src/key-text.ts'
import type { StoreOptions } from '../../src/options.ts'
import type { RangeEntry, StoredValue } from '../../src/results.ts'
import { ClassReport } from './class-report.ts'
import {
  type Command,
  command,
  type DisasterCommand,
  options,
  type RangeBounds,
  type RangeCommand,
} from './command.ts'
import { MergeTally } from './merge-tally.ts'
import type { Disaster, Model, ModelEntry } from './model.ts'
import { checkEntry, ModelledStore } from './modelled-store.ts'
import { chosenPath } from './replay.ts'
import { SteppingClock } from './stepping-clock.ts'
import { Watchdog } from './watchdog.ts'

const seed = 1
const runs = 3_000
/** Most lists are long: only then there are merges of outputs of merges. */
const commands = fc.array(command, { maxLength: 100, size: 'max' })

test('C1: whatever is done to a store, it is the model that it answers for', async () => {
  const report = new ClassReport('C1', seed)
  const watchdog = new Watchdog()
  const path = chosenPath('C1')
  let number = 0
  await fc
    .assert(
      fc.asyncProperty(options, commands, (options, commands) => {
        watchdog.watch(`C1 ${number++}`)
        return runCommands(options, commands, report)
      }),
      path === undefined ? { numRuns: runs, seed } : { numRuns: 1, seed, path },
    )
    .catch(tellReplay)
  const floors = { cases: runs, ops: 100_000, merges: 8_000, partial: 3_000, tombstones: 3_000 }
  report.finish(path === undefined ? floors : {})
})

/** What fast-check has found, with how it is run again, as all classes say it. */
function tellReplay(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  const path = /path: "([0-9:]+)"/.exec(message)?.[1]
  throw new Error(`${message}\nreplay: KV_CASE='C1 ${path}' pnpm test:crash`, { cause: error })
}

async function runCommands(
  options: StoreOptions,
  commands: readonly Command[],
  report: ClassReport,
): Promise<void> {
  const tally = new MergeTally()
  const run = new CommandRun({ ...options, clock: new SteppingClock(), logger: tally }, tally)
  await run.open(new SimFileSystem())
  for (const command of commands) await run.do(command)
  await run.do({ type: 'reopen' })
  await run.close()
  report.count('cases')
  report.count('ops', commands.length)
  report.count('faults', run.disasters)
  report.count('merges', tally.merges)
  report.count('partial', tally.partial)
  report.count('tombstones', tally.keptTombstones)
}

class CommandRun {
  readonly #options: StoreOptions
  readonly #tally: MergeTally
  #opened!: ModelledStore
  disasters = 0

  constructor(options: StoreOptions, tally: MergeTally) {
    this.#options = options
    this.#tally = tally
  }

  async open(disk: SimFileSystem, model?: Model, disaster?: Disaster): Promise<void> {
    this.#tally.store = undefined
    this.#opened = await ModelledStore.open(disk, this.#options, model, disaster)
    this.#tally.store = this.#opened.store
  }

  async close(): Promise<void> {
    await this.#opened.close()
    assert.equal(this.#opened.disk.openFiles, 0, 'open files')
  }

  async do(command: Command): Promise<void> {
    const { store, model } = this.#opened
    switch (command.type) {
      case 'burst': {
        const writes = command.writes.map((write) => this.#opened.write(write))
        const reads = command.reads.map((key) => this.#readUnderWay(key))
        assert.deepEqual((await Promise.all(writes)).find(Boolean), undefined)
        await Promise.all(reads)
        return
      }
      case 'getMany': {
        const found = await store.getMany(command.keys.map(textKey))
        for (const [place, key] of command.keys.entries()) {
          checkValue(found[place], model.state.get(key))
        }
        return
      }
      case 'range':
        return this.#range(command)
      case 'merge':
        await store.merge()
        return
      case 'settle':
        await new Promise(setImmediate)
        return this.#opened.check()
      case 'reopen':
        await this.close()
        return this.open(this.#opened.disk, model)
      case 'disaster':
        return this.#disaster(command)
    }
  }

  /** A read while writes are under way sees the store before or after each. */
  async #readUnderWay(key: string): Promise<void> {
    const { store, model } = this.#opened
    const before = model.floor('kill')
    const found = await store.get(textKey(key))
    const value = found === undefined ? undefined : keyText(found.value)
    const allowed = model.valuesBetween(key, before, model.version)
    assert(allowed.includes(value), 'a read saw what no write under way leaves')
  }

  async #range({ bounds, reverse, limit, keysOnly }: RangeCommand): Promise<void> {
    const options = { reverse, limit, keysOnly }
    const { store, model } = this.#opened
    const expected = [...model.state]
      .filter(([key]) => isInside(key, bounds))
      .sort(([a], [b]) => (a < b !== options.reverse ? -1 : 1))
      .slice(0, options.limit)
    const encoded = Object.fromEntries(
      Object.entries(bounds).map(([name, key]) => [name, textKey(key)]),
    )
    const entries: RangeEntry[] = []
    for await (const entry of store.range({ ...encoded, ...options })) entries.push(entry)
    assert.equal(entries.length, expected.length, 'entries of a range')
    for (const [place, { key, value, version }] of entries.entries()) {
      const [expectedKey, entry] = expected[place]!
      const expectedValue = options.keysOnly ? '' : entry.value
      checkEntry([expectedKey, { ...entry, value: expectedValue }], keyText(key), {
        value: keyText(value),
        version,
      })
    }
  }

  async #disaster({ writes, microtasks, crash }: DisasterCommand): Promise<void> {
    this.disasters++
    const opened = this.#opened
    for (const write of writes) void opened.write(write)
    for (let turn = 0; turn < microtasks; turn++) await Promise.resolve()
    const { disk } = opened
    const left = crash === undefined ? disk.clone() : disk.crash(crash)
    const model = opened.model.frozen()
    await opened.idle()
    await this.open(left, model, crash === undefined ? 'kill' : 'cut')
  }
}

function isInside(key: string, { gte, gt, lte, lt, prefix }: RangeBounds): boolean {
  return (
    (gte === undefined || key >= gte) &&
    (gt === undefined || key > gt) &&
    (lte === undefined || key <= lte) &&
    (lt === undefined || key < lt) &&
    (prefix === undefined || key.startsWith(prefix))
  )
}

function checkValue(found: StoredValue | undefined, expected: ModelEntry | undefined): void {
  assert.equal(found === undefined ? undefined : keyText(found.value), expected?.value, 'value')
  assert.equal(found?.version, expected?.version, 'version')
}
