import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chooseAllInputs,
  chooseInputs,
  type MergeCandidate,
  type MergePolicyOptions,
} from './policy.ts'

const options: MergePolicyOptions = { deadRatioMin: 0.5, smallBytes: 100, inputBytesMax: 10_000 }

test('nothing dead, nothing to do', () => {
  expect(chooseInputs([file(0, 500, 0)], [file(1, 500, 0)], options)).toEqual([])
})

test('of the log, the longest prefix with enough dead bytes', () => {
  const log = [file(0, 100, 90), file(1, 100, 20), file(2, 100, 10)]
  expect(chooseInputs(log, [], options)).toEqual([0, 1])
  expect(chooseInputs([file(0, 100, 0), file(1, 100, 100)], [], options)).toEqual([0, 1])
})

test('of the outputs, those with enough dead bytes', () => {
  expect(chooseInputs([], [file(0, 500, 249), file(1, 500, 250)], options)).toEqual([1])
})

test('small outputs are joined, one alone is not', () => {
  expect(chooseInputs([], [file(0, 99, 0), file(1, 500, 0), file(2, 20, 0)], options)).toEqual([
    0, 2,
  ])
  expect(chooseInputs([], [file(0, 99, 0)], options)).toEqual([])
})

test('all: the whole log, and every output with dead bytes', () => {
  const outputs = [file(1, 500, 0), file(2, 500, 1)]
  expect(chooseAllInputs([file(0, 100, 0)], outputs, options)).toEqual([0, 2])
})

test('one file is always allowed, whatever the cap', () => {
  const log = [file(0, 500, 500), file(1, 500, 500)]
  expect(chooseInputs(log, [], { ...options, inputBytesMax: 256 })).toEqual([0])
})

test('the inputs are a prefix of the log and any outputs, within the cap', () => {
  const candidate = fc.record({
    bytes: fc.integer({ min: 128, max: 900 }),
    dead: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const files = fc.array(candidate, { maxLength: 8 })
  fc.assert(
    fc.property(
      files,
      files,
      fc.integer({ min: 256, max: 4_000 }),
      (logFiles, outputFiles, cap) => {
        const log = logFiles.map(({ bytes, dead }, slot) =>
          file(slot, bytes, Math.floor(bytes * dead)),
        )
        const outputs = outputFiles.map(({ bytes, dead }, place) =>
          file(log.length + place, bytes, Math.floor(bytes * dead)),
        )
        const all = [...log, ...outputs]
        for (const choose of [chooseInputs, chooseAllInputs]) {
          const slots = choose(log, outputs, { ...options, inputBytesMax: cap })
          expect(new Set(slots).size).toBe(slots.length)
          const fromLog = slots.filter((slot) => slot < log.length)
          expect(fromLog).toEqual(log.slice(0, fromLog.length).map(({ slot }) => slot))
          const bytes = slots.reduce((sum, slot) => sum + all[slot]!.bytes, 0)
          expect(bytes <= cap || slots.length === 1).toBe(true)
        }
      },
    ),
  )
})

function file(slot: number, bytes: number, deadBytes: number): MergeCandidate {
  return { slot, bytes, deadBytes }
}
