/** What the policy costs in space and in writes, over many times the size of a store. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimulatedMerges } from '../../test/simulated-merges.ts'
import { SeededRandom } from '../file-system/seeded-random.ts'

const kibi = 1024
/** A store of 4 MiB. */
const keys = 4_000
const liveBytes = keys * 1_016
const overwrites = 8

type KeyChoice = () => number

const distributions: Readonly<Record<string, (random: SeededRandom) => KeyChoice>> = {
  uniform: (random) => () => random.below(keys),
  zipfian: zipfian,
  'in order': () => {
    let last = 0
    return () => last++ % keys
  },
}

test.each(
  Object.keys(distributions).flatMap((distribution) =>
    [
      { segments: 20, speed: 1.5 },
      { segments: 5, speed: 1.5 },
      { segments: 5, speed: 4 },
      { segments: 2, speed: 2 },
      { segments: 0.7, speed: 2 },
    ].map((shape) => ({ distribution, ...shape })),
  ),
)(
  'steady overwrite, $distribution, of $segments segments, merges copying $speed times what is written',
  ({ distribution, segments, speed }) => {
    const merges = new SimulatedMerges({
      segmentBytes: liveBytes / segments,
      deadRatioMin: 0.3,
      inputBytesMax: liveBytes * 3,
      speed,
    })
    const next = distributions[distribution]!(new SeededRandom(11))
    for (let key = 0; key < keys; key++) merges.put(key)
    for (let write = 0; write < 2 * keys; write++) merges.put(next())
    const before = { written: merges.writtenBytes, copied: merges.copiedBytes }
    merges.peak = 0
    for (let write = 0; write < overwrites * keys; write++) merges.put(next())
    const written = merges.writtenBytes - before.written
    const writeAmplification = 1 + (merges.copiedBytes - before.copied) / written
    const figures = `space ${merges.peak.toFixed(2)}, writes ${writeAmplification.toFixed(2)}, ${merges.files} files`
    console.log(`${distribution}, ${segments} segments, speed ${speed}: ${figures}`)
    expect(merges.keys).toBe(keys)
    expect(merges.peak).toBeLessThanOrEqual(2)
    expect(writeAmplification).toBeLessThanOrEqual(2.3)
    // It did something for it.
    expect(merges.merges).toBeGreaterThan(overwrites)
  },
)

test('keys that come, go and never come back leave no tombstones in their way', () => {
  const merges = new SimulatedMerges({
    segmentBytes: 256 * kibi,
    deadRatioMin: 0.3,
    inputBytesMax: liveBytes,
    speed: 2,
  })
  const random = new SeededRandom(12)
  const alive: number[] = []
  let peak = 0
  for (let round = 0; round < 30 * keys; round++) {
    const key = random.below(2 ** 30)
    merges.put(key)
    alive.push(key)
    if (alive.length <= keys) continue
    const place = random.below(alive.length)
    merges.delete(alive[place]!)
    alive[place] = alive.at(-1)!
    alive.pop()
    if (round === 3 * keys) merges.peak = 0
    peak = merges.peak
  }
  const tombstones = merges.tombstoneBytes / liveBytes
  const writeAmplification = 1 + merges.copiedBytes / merges.writtenBytes
  console.log(
    `churn: space ${peak.toFixed(2)}, writes ${writeAmplification.toFixed(2)}, tombstones ${tombstones.toFixed(2)}, ${merges.merges} merges`,
  )
  // Thirty times the store has gone; its tombstones would be more than the store itself.
  expect(tombstones).toBeLessThanOrEqual(0.3)
  expect(peak).toBeLessThanOrEqual(2.7)
  expect(writeAmplification).toBeLessThanOrEqual(2.3)
})

test('without writes the policy comes to an end, whatever the files look like', () => {
  let merged = 0
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.integer(),
        segmentBytes: fc.constantFrom(8 * kibi, 40 * kibi, 200 * kibi),
        deadRatioMin: fc.constantFrom(0.05, 0.3, 0.6, 1),
        inputBytesMax: fc.constantFrom(10 * kibi, 100 * kibi, 1_000 * kibi),
        deletesIn10: fc.integer({ min: 0, max: 10 }),
        keys: fc.integer({ min: 1, max: 400 }),
      }),
      ({ seed, deletesIn10, keys: keyCount, ...options }) => {
        const merges = new SimulatedMerges({ ...options, speed: 2 })
        const random = new SeededRandom(seed)
        for (let write = 0; write < 1_500; write++) {
          const key = random.below(keyCount)
          if (random.below(10) < deletesIn10) merges.delete(key)
          else merges.put(key)
        }
        merged += merges.merges
        const mergesMax = 4 * merges.files + 20
        expect(merges.settle(mergesMax)).toBeLessThanOrEqual(mergesMax)
      },
    ),
    { numRuns: 150 },
  )
  expect(merged).toBeGreaterThan(150)
})

/** Some keys are written far more often than others: the rank-th as often as 1 / rank. */
function zipfian(random: SeededRandom): KeyChoice {
  const sums = new Float64Array(keys)
  let total = 0
  for (let rank = 0; rank < keys; rank++) sums[rank] = total += 1 / (rank + 1)
  const shuffled = Array.from({ length: keys }, (_, key) => key)
  for (let place = keys - 1; place > 0; place--) {
    const other = random.below(place + 1)
    ;[shuffled[place], shuffled[other]] = [shuffled[other]!, shuffled[place]!]
  }
  return () => {
    const wanted = (random.below(2 ** 30) / 2 ** 30) * total
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return shuffled[low]!
  }
}
