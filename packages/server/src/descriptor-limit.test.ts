import { expect, test } from 'vitest'
import { descriptorShares, limitIn } from './descriptor-limit.ts'

test.each([
  [16, 1, 4],
  [64, 12, 6],
  [128, 44, 22],
  [512, 236, 118],
  [1_024, 512, 246],
  [20_000, 19_488, 4_990],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
])(
  'of %i descriptors %i are for connections and %i for data files',
  (limit, connections, openFiles) => {
    expect(descriptorShares(limit)).toEqual({ connections, openFiles })
  },
)

test.each([
  [
    'Max processes   1   2   processes\nMax open files            1024                 524288               files\n',
    1_024,
  ],
  [
    'Max open files            unlimited            unlimited            files\n',
    Number.POSITIVE_INFINITY,
  ],
  ['something else', Number.POSITIVE_INFINITY],
])('the soft limit counts', (text, limit) => {
  expect(limitIn(text)).toBe(limit)
})
