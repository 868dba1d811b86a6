import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chooseFirst,
  chooseInputs,
  garbageShare,
  type MergeCandidate,
  type MergeCandidates,
  type MergePolicyOptions,
  neededBytesOf,
  outputBytesFor,
  wantsRoll,
} from './policy.ts'

const options: MergePolicyOptions = {
  deadRatioMin: 0.3,
  outputBytes: 500,
  inputBytesMax: 10_000,
  roomBytes: Number.POSITIVE_INFINITY,
}

test('nothing dead, nothing to do', () => {
  expect(choose({ log: [file(0, 500, 0)], outputs: [file(1, 500, 0)] })).toEqual([])
})

test('below the ratio nothing is merged but what is nearly all dead', () => {
  const outputs = [file(0, 500, 0), file(1, 500, 300), file(2, 500, 0)]
  expect(choose({ outputs })).toEqual([])
  expect(choose({ outputs: [...outputs, file(3, 100, 80), file(4, 500, 0)] })).toEqual([3])
})

test('from the ratio on, the deadest and what is nearly as dead', () => {
  const outputs = [file(0, 500, 0), file(1, 500, 200), file(2, 100, 90), file(3, 100, 85)]
  expect(choose({ outputs })).toEqual([2, 3])
  expect(choose({ outputs: [file(0, 500, 160), file(1, 500, 150)] })).toEqual([0])
})

test('of the log, the longest prefix that is nearly as dead as the deadest', () => {
  const log = [file(0, 100, 90), file(1, 100, 85), file(2, 250, 0)]
  expect(choose({ log })).toEqual([0, 1])
})

test('what is dead behind segments that live is had by merging these', () => {
  const log = [file(0, 400, 0), file(1, 400, 0), file(2, 400, 390)]
  expect(choose({ log })).toEqual([0])
  expect(choose({ log: log.slice(1), outputs: [file(3, 400, 0)] })).toEqual([1])
  expect(choose({ log: log.slice(2), outputs: [file(3, 800, 0)] })).toEqual([2])
})

test('one merge copies a small part of what lives', () => {
  const outputs = Array.from({ length: 16 }, (_, slot) => file(slot, 1_000, 400))
  const slots = choose({ outputs })
  expect(slots).toEqual([0, 1])
})

test('small outputs are joined from four on', () => {
  const small = [file(0, 99, 0), file(1, 500, 0), file(2, 20, 0), file(3, 20, 0)]
  expect(choose({ outputs: small })).toEqual([])
  expect(choose({ outputs: [...small, file(4, 20, 0)] })).toEqual([0, 2, 3, 4])
})

test('tombstones that were kept are no garbage, and go with what may hold older records of their keys', () => {
  const tombstones = {
    ...file(0, 200, 200),
    keptTombstoneBytes: 200,
    lowestIndex: 50,
    highestIndex: 60,
  }
  const holder = { ...tombstones, ...bounds('c', 'k') }
  const outputs = [
    holder,
    { ...file(1, 60, 0), ...bounds('a', 'd') },
    { ...file(2, 200, 0), ...bounds('l', 'z') },
    { ...file(3, 60, 0), ...bounds('k', 'z'), lowestIndex: 61, highestIndex: 70 },
  ]
  expect(garbageShare(candidates({ outputs }))).toBe(0)
  expect(choose({ outputs })).toEqual([0, 1])
  // What is left of them is too little to be worth anything.
  expect(choose({ outputs: [...outputs, file(4, 20_000, 0)] })).toEqual([])
})

test('without room the smallest that is worth it is tried, and said how much it needs', () => {
  const outputs = [file(0, 1_000, 400), file(1, 400, 150), file(2, 300, 150)]
  const chosen = (roomBytes: number) =>
    chooseInputs(candidates({ outputs }), { ...options, roomBytes })
  expect(chosen(200).slots).toEqual([2])
  expect(chosen(100)).toEqual({ slots: [], neededBytes: 150 })
  // What needs no room is always possible.
  expect(
    chooseInputs(candidates({ outputs: [...outputs, file(3, 300, 300)] }), {
      ...options,
      roomBytes: 0,
    }).slots,
  ).toEqual([3])
})

test('of all that somebody wants merged, as much as one merge takes', () => {
  const wanted = [file(0, 500, 500), file(1, 500, 300), file(2, 500, 0)]
  expect(chooseFirst(wanted, options).slots).toEqual([0, 1, 2])
  expect(chooseFirst(wanted, { ...options, inputBytesMax: 1_000 }).slots).toEqual([0, 1])
  expect(chooseFirst(wanted, { ...options, inputBytesMax: 256 }).slots).toEqual([0])
  expect(chooseFirst(wanted, { ...options, roomBytes: 300 }).slots).toEqual([0, 1])
  expect(chooseFirst(wanted.slice(2), { ...options, roomBytes: 300 })).toEqual({
    slots: [],
    neededBytes: 500,
  })
})

test('a hint takes room too', () => {
  expect(neededBytesOf([{ ...file(0, 1_000, 200), liveRecords: 2 }])).toBe(800 + 2 * 64)
  expect(neededBytesOf([{ ...file(0, 1_000, 200), liveRecords: 100 }])).toBe(1_600)
})

test('a small store closes its segment early, when something in it is dead', () => {
  expect(wantsEarlyRoll(200, 100, 1_000)).toBe(true)
  expect(wantsEarlyRoll(200, 100, 10_000)).toBe(false)
  expect(wantsEarlyRoll(200, 0, 1_000)).toBe(false)
  expect(wantsEarlyRoll(99, 99, 0)).toBe(false)
})

test('outputs are an eighth of what lives, within bounds', () => {
  expect([0, 1_600, 1_000_000].map(outputBytesOf)).toEqual([100, 200, 800])
})

test('the inputs are a prefix of the log and any outputs, within the cap and the room', () => {
  const candidate = fc.record({
    bytes: fc.integer({ min: 128, max: 900 }),
    dead: fc.double({ min: 0, max: 1, noNaN: true }),
    tombstones: fc.constantFrom(0, 0, 0.5, 1),
  })
  const files = fc.array(candidate, { maxLength: 8 })
  let chosen = 0
  fc.assert(
    fc.property(
      files,
      files,
      fc.integer({ min: 256, max: 4_000 }),
      fc.integer({ min: 0, max: 4_000 }),
      (logFiles, outputFiles, inputBytesMax, roomBytes) => {
        const log = logFiles.map(({ bytes, dead }, slot) =>
          file(slot, bytes, Math.floor(bytes * dead)),
        )
        const outputs = outputFiles.map(({ bytes, dead, tombstones }, place) => {
          const deadBytes = Math.floor(bytes * dead)
          const keptTombstoneBytes = Math.floor(deadBytes * tombstones)
          return { ...file(log.length + place, bytes, deadBytes), keptTombstoneBytes }
        })
        const all = [...log, ...outputs]
        const limits = { ...options, inputBytesMax, roomBytes }
        for (const { slots } of [
          chooseInputs(candidates({ log, outputs }), limits),
          chooseFirst(all, limits),
        ]) {
          chosen += slots.length
          expect(new Set(slots).size).toBe(slots.length)
          const fromLog = slots.filter((slot) => slot < log.length)
          expect(fromLog).toEqual(log.slice(0, fromLog.length).map(({ slot }) => slot))
          const inputs = slots.map((slot) => all[slot]!)
          const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0)
          expect(bytes <= inputBytesMax || slots.length === 1).toBe(true)
          expect(neededBytesOf(inputs)).toBeLessThanOrEqual(roomBytes)
        }
      },
    ),
  )
  expect(chosen).toBeGreaterThan(100)
})

function bounds(lowest: string, highest: string): Pick<MergeCandidate, 'lowestKey' | 'highestKey'> {
  return { lowestKey: Buffer.from(lowest), highestKey: Buffer.from(highest) }
}

function wantsEarlyRoll(activeBytes: number, deadBytes: number, outputBytes: number): boolean {
  const outputs = [file(0, outputBytes, 0)]
  const unsealed = { bytes: activeBytes, deadBytes }
  return wantsRoll(candidates({ outputs, unsealed }), activeBytes, 100, 0.3)
}

function outputBytesOf(liveBytes: number): number {
  return outputBytesFor(candidates({ outputs: [file(0, liveBytes, 0)] }), 800)
}

function choose(files: Partial<MergeCandidates>): readonly number[] {
  return chooseInputs(candidates(files), options).slots
}

function candidates(files: Partial<MergeCandidates>): MergeCandidates {
  return { log: [], outputs: [], unsealed: { bytes: 0, deadBytes: 0 }, ...files }
}

function file(slot: number, bytes: number, deadBytes: number): MergeCandidate {
  return {
    slot,
    bytes,
    deadBytes,
    keptTombstoneBytes: 0,
    liveRecords: 0,
    lowestIndex: 1,
    highestIndex: 9,
    lowestKey: undefined,
    highestKey: undefined,
  }
}
