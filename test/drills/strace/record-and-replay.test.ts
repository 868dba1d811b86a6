/**
 * C7: the real server is recorded by strace; from the calls that it made, the states that a power cut may leave of its
 * directory are built, at every moment, and opened by the real engine. Whatever answer had left its socket by then must
 * be true.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { ClassReport } from '../../../packages/engine/test/crash/class-report.ts'
import { lacks, strace } from '../drill-tools.ts'
import { CrashStates } from './crash-states.ts'
import { crashWays } from './crash-ways.ts'
import { momentsOf } from './moments.ts'
import { readRecording, record } from './recording.ts'

const seed = Number(process.env['KV_SEED'] ?? 7)
/** A recording that was kept, and the one state of it to open, as a failure prints them. */
const kept = process.env['KV_RECORDING']
const chosen = process.env['KV_CASE']

/** Of a run, about, however long its recording is: every moment counts, not every way at each. */
const cutsUsual = 115_000
const cutsWanted = Number(process.env['KV_C7_CUTS'] ?? cutsUsual)

test.skipIf(lacks('C7', [strace]))('C7: whatever a power cut leaves', async () => {
  const directory = kept ?? (await mkdtemp(join(tmpdir(), 'kv-recording-')))
  const recording = kept === undefined ? await record(directory, seed) : readRecording(directory)
  const report = new ClassReport('C7', recording.seed)
  const ways = Array.from(
    momentsOf(directory, recording, report),
    (moment) => crashWays(moment, Number.POSITIVE_INFINITY).length,
  )
  report.count('moments', ways.length)
  const waysMax = waysPerMoment(ways)
  const states = new CrashStates(recording)
  for (const moment of momentsOf(directory, recording)) {
    for (const [place, way] of crashWays(moment, waysMax).entries()) {
      const name = `C7 ${moment.name}:${place}`
      if (chosen !== undefined && chosen !== name) continue
      report.count('faults')
      await states.check(moment.disk.crash(way), moment.acknowledged).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        const replay = `KV_RECORDING=${directory} KV_CASE='${name}' pnpm test:drills record-and-replay`
        throw new Error(`${name}: ${reason}\nreplay: ${replay}`, { cause: error })
      })
    }
  }
  report.count('cases', states.opened)
  const floors = {
    moments: 2_000,
    answers: 700,
    syncs: 200,
    renames: 120,
    merges: 8,
    cases: 24_000,
  }
  report.finish(chosen === undefined && cutsWanted >= cutsUsual ? floors : {})
  // The recording of a run that failed stays, to be replayed.
  if (kept === undefined) await rm(directory, { recursive: true })
})

/** How many ways to look at where there are more, for {@link cutsWanted} in all. */
function waysPerMoment(possible: readonly number[]): number {
  let waysMax = 1
  while (
    waysMax < Math.max(...possible) &&
    possible.reduce((sum, ways) => sum + Math.min(ways, waysMax), 0) < cutsWanted
  ) {
    waysMax++
  }
  return waysMax
}
