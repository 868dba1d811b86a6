import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortInSlices } from './sort-in-slices.ts'

test('sorts by code unit, that is, byte by byte', async () => {
  const text = fc.string({ unit: fc.constantFrom('\0', 'a', 'Z', '\x7f', '\x80', '\xff') })
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (texts) => {
      const keys = texts
        .map((text) => Buffer.from(text, 'latin1'))
        .sort((a, b) => Buffer.compare(a, b))
      const sorted = await sortInSlices(texts, async () => undefined)
      expect(sorted).toEqual(keys.map((key) => key.toString('latin1')))
    }),
  )
})

test.each([4_096, 4_097, 12_288, 50_000])('%i texts, in turns', async (count) => {
  const texts = Array.from({ length: count }, (_, place) => String((place * 7_919) % count))
  let turns = 0
  const sorted = await sortInSlices(texts, async () => {
    turns++
  })
  expect(sorted).toEqual([...texts].sort())
  expect(turns > 0).toBe(count > 4_096)
})
