import { expect, test } from 'vitest'
import { configure, type StoreOptions } from './options.ts'

test('defaults fill in what is not given', () => {
  const configuration = configure({ segmentBytes: 4_096, autoMerge: undefined } as object)
  expect(configuration).toMatchObject({
    durability: 'always',
    syncIntervalMs: 1_000,
    segmentBytes: 4_096,
    keyBytesMax: 65_535,
    valueBytesMax: 16 * 1024 * 1024,
    batchBytesMax: 32 * 1024 * 1024,
    batchOperationsMax: 10_000,
    autoMerge: true,
    mergeDeadRatioMin: 0.3,
  })
  expect(Object.isFrozen(configuration)).toBe(true)
})

test.each<[keyof StoreOptions, number, number]>([
  ['syncIntervalMs', 1, 3_600_000],
  ['segmentBytes', 256, 2 ** 30],
  ['keyBytesMax', 1, 65_535],
  ['valueBytesMax', 0, 2 ** 29],
  ['batchBytesMax', 1, 2 ** 30],
  ['batchOperationsMax', 1, 65_000],
  ['pendingBytesMax', 65_536, 2 ** 32],
  ['openFilesMax', 4, 100_000],
  ['mergeDeadRatioMin', 0.01, 1],
  ['mergeBytesPerSecondMax', 0, 2 ** 40],
])('%s is from %d to %d', (name, min, max) => {
  expect(configure({ [name]: min })).toMatchObject({ [name]: min })
  expect(configure({ [name]: max })).toMatchObject({ [name]: max })
  for (const wrong of [min - 1, max + 1, Number.NaN, '5']) {
    expect(() => configure({ [name]: wrong })).toThrow(RangeError)
  }
})

test('what is unknown is refused', () => {
  expect(() => configure({ segmentSize: 5 } as StoreOptions)).toThrow(TypeError)
  expect(() => configure({ autoMerge: 'no' } as unknown as StoreOptions)).toThrow(TypeError)
  expect(() => configure({ durability: 'fsync' } as unknown as StoreOptions)).toThrow(TypeError)
  expect(() => configure({ toString: 5 } as unknown as StoreOptions)).toThrow(TypeError)
})

test.each(['segmentBytes', 'batchOperationsMax', 'openFilesMax'])(
  '%s is a whole number',
  (name) => {
    expect(() => configure({ [name]: 300.5 })).toThrow(RangeError)
  },
)
