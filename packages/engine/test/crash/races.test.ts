/**
 * C2: puts, deletes, batches, reads, ranges, snapshots, merges and a close, all under way together, with every await
 * of the engine ending in an order of the seed's choice. Whatever a read returns is the store as of one moment
 * inside its call (I6), nothing deleted comes back (I5), also not after a restart, a kill or a power cut; no call hangs, no
 * rejection goes unheard, no descriptor stays open.
 */
import assert from 'node:assert/strict'
import { afterAll, beforeAll, test } from 'vitest'
import { ClassReport } from './class-report.ts'
import { Race, type RaceGround, raceGround } from './race.ts'
import { replaying, runCase } from './replay.ts'

const seed = 2
/** `npm test` makes do with fewer, for it must be quick; CI makes all of them behind it. */
const races = Number(process.env['KV_C2_RACES'] ?? 20_000)
const grounds = 12

const unhandled: unknown[] = []
const noteUnhandled = (error: unknown): void => {
  unhandled.push(error)
}

beforeAll(() => {
  process.on('unhandledRejection', noteUnhandled)
})

afterAll(() => {
  process.off('unhandledRejection', noteUnhandled)
})

test('C2: in whatever order things end, every read is of one moment and nothing is lost', async () => {
  const report = new ClassReport('C2', seed)
  const ground: RaceGround[] = []
  for (let number = 0; number < grounds; number++) ground.push(await raceGround(seed + number))
  for (let number = 0; number < races; number++) {
    await runCase(`C2 ${number}`, async () => {
      const race = new Race(ground[number % grounds]!, seed * 1_000_003 + number)
      await race.run()
      assert.deepEqual(unhandled, [], 'unhandled rejections')
      report.count('cases')
      report.count('faults', race.overtakings)
      report.count('steps', race.steps)
      report.count('reads', race.reads)
      report.count('merges', race.merges)
      report.count('partial', race.partialMerges)
      report.count('kills', race.kills)
      report.count('cuts', race.cuts)
    })
  }
  const floors = {
    cases: races,
    faults: races * 15,
    steps: races * 100,
    reads: races * 4,
    merges: races,
    partial: races / 2,
    kills: races / 16,
    cuts: races / 16,
  }
  report.finish(replaying ? {} : floors)
})
