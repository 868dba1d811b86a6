/**
 * C1: random commands against a `Map`, on tiny files, so that everything rolls, is sealed and merged all the
 * time. Every answer must be the model's; after a restart, a kill or a power cut the store must be one that the
 * model allows (I1 to I5), and after all that it must still be the same after one more restart (I10).
 */
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import type { CrashChoice } from '../../src/file-system/sim-crash.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { keyText, textKey } from '../../src/key-text.ts'
import type { StoreOptions } from '../../src/options.ts'
import type { RangeEntry, StoredValue } from '../../src/results.ts'
import { ClassReport } from './class-report.ts'
import { MergeTally } from './merge-tally.ts'
import type { Disaster, Model, ModelEntry, Operation, Write } from './model.ts'
import { checkEntry, ModelledStore } from './modelled-store.ts'
import { chosenPath } from './replay.ts'
import { SteppingClock } from './stepping-clock.ts'
import { keys } from './workload.ts'

const seed = 1
const runs = 300

type RangeBounds = Partial<Record<'gte' | 'gt' | 'lte' | 'lt' | 'prefix', string>>

type Command =
  /** In one turn of the event loop; the reads are under way while the writes are. */
  | { type: 'burst'; writes: Write[]; reads: string[] }
  | { type: 'get'; key: string }
  | { type: 'getMany'; keys: string[] }
  | { type: 'range'; bounds: RangeBounds; reverse: boolean; keysOnly: boolean; limit: number }
  | { type: 'merge' }
  | { type: 'settle' }
  | { type: 'reopen' }
  /** `microtasks` after the writes of a burst. */
  | { type: 'disaster'; writes: Write[]; microtasks: number; crash: CrashChoice | undefined }

const key = fc.constantFrom(...keys)
const value = fc.oneof(
  { weight: 12, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 24 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 900 }).map((length) => 'v'.repeat(length)) },
)
const put = fc.record<Operation>({ type: fc.constant('put'), key, value } as never)
const remove = fc.record<Operation>({ type: fc.constant('delete'), key } as never)
const durability = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ durability: 'synced' as const }) },
)
const write: fc.Arbitrary<Write> = fc
  .tuple(
    fc.oneof(
      {
        weight: 5,
        arbitrary: put.map((operation) => ({ type: 'put' as const, operations: [operation] })),
      },
      {
        weight: 3,
        arbitrary: remove.map((operation) => ({
          type: 'delete' as const,
          operations: [operation],
        })),
      },
      {
        weight: 1,
        arbitrary: fc
          .array(fc.oneof(put, remove), { minLength: 1, maxLength: 6 })
          .map((operations) => ({ type: 'batch' as const, operations })),
      },
    ),
    durability,
  )
  .map(([write, wish]) => ({ ...write, ...wish }))

const crash = fc.record<CrashChoice>({
  data: fc.constantFrom('none', 'all', 'subset', 'sectors', 'torn', 'zeros', 'mixed'),
  names: fc.constantFrom('kept', 'dropped', 'subset'),
  seed: fc.nat(1_000_000),
})

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record<Command>({
      type: fc.constant('burst'),
      writes: fc.array(write, { minLength: 1, maxLength: 5 }),
      reads: fc.array(key, { maxLength: 2 }),
    } as never),
  },
  { weight: 6, arbitrary: fc.record<Command>({ type: fc.constant('get'), key } as never) },
  {
    weight: 4,
    arbitrary: fc.record<Command>({
      type: fc.constant('getMany'),
      keys: fc.array(key, { maxLength: 8 }),
    } as never),
  },
  {
    weight: 8,
    arbitrary: fc.record<Command>({
      type: fc.constant('range'),
      bounds: fc.record(
        { gte: key, gt: key, lte: key, lt: key, prefix: key },
        { requiredKeys: [] },
      ),
      reverse: fc.boolean(),
      keysOnly: fc.boolean(),
      limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(4)),
    } as never),
  },
  { weight: 3, arbitrary: fc.constant<Command>({ type: 'merge' }) },
  { weight: 3, arbitrary: fc.constant<Command>({ type: 'settle' }) },
  { weight: 3, arbitrary: fc.constant<Command>({ type: 'reopen' }) },
  {
    weight: 3,
    arbitrary: fc.record<Command>({
      type: fc.constant('disaster'),
      writes: fc.array(write, { maxLength: 4 }),
      microtasks: fc.nat(60),
      crash: fc.option(crash, { nil: undefined }),
    } as never),
  },
)

const options: fc.Arbitrary<StoreOptions> = fc.record({
  durability: fc.constantFrom('always', 'interval', 'never'),
  syncIntervalMs: fc.constantFrom(50, 500),
  segmentBytes: fc.constantFrom(256, 400, 1_000),
  openFilesMax: fc.constantFrom(4, 256),
  autoMerge: fc.boolean(),
  mergeDeadRatioMin: fc.constantFrom(0.05, 0.3, 0.5, 0.8),
  mergeInputBytesMax: fc.constantFrom(600, 1_500, 100_000),
})

test('C1: whatever is done to a store, it is the model that it answers for', async () => {
  const report = new ClassReport('C1', seed)
  const path = chosenPath('C1')
  await fc.assert(
    fc.asyncProperty(options, fc.array(command, { maxLength: 100, size: 'max' }), (options, list) =>
      runCommands(options, list, report),
    ),
    { numRuns: runs, seed, ...(path === undefined ? {} : { path }) },
  )
  if (path !== undefined) return
  report.finish({ cases: runs, ops: 100_000, merges: 10_000, partial: 1_000, tombstones: 1_000 })
})

async function runCommands(
  options: StoreOptions,
  commands: readonly Command[],
  report: ClassReport,
): Promise<void> {
  const tally = new MergeTally()
  const settings = { ...options, clock: new SteppingClock(), logger: tally }
  const history = new CommandRun(settings, tally)
  await history.open(new SimFileSystem())
  for (const command of commands) await history.do(command)
  await history.do({ type: 'reopen' })
  await history.close()
  report.count('cases')
  report.count('ops', commands.length)
  report.count('disasters', history.disasters)
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
      case 'get':
        checkValue(await store.get(textKey(command.key)), model.state.get(command.key))
        return
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
    assert(allowed.includes(value), `a read saw ${value}, the writes under way leave ${allowed}`)
  }

  async #range({ bounds, ...options }: Command & { type: 'range' }): Promise<void> {
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
      const value_ = options.keysOnly ? '' : entry.value
      checkEntry([expectedKey, { ...entry, value: value_ }], keyText(key), {
        value: keyText(value),
        version,
      })
    }
  }

  async #disaster({ writes, microtasks, crash }: Command & { type: 'disaster' }): Promise<void> {
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
