import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { HintCursor } from './hint-cursor.ts'
import { HintImageEncoder } from './hint-image.ts'
import { mergeHints } from './hint-merge.ts'
import { keyText, textKey } from './key-text.ts'
import { neverExpires, recordKind } from './record.ts'

test('of each key the entry with the highest index wins, in key order', async () => {
  // An index is unique: no two records of a store share one.
  const file = fc.uniqueArray(
    fc.tuple(fc.string({ unit: 'binary-ascii', maxLength: 2 }), fc.integer({ min: 1, max: 1e6 })),
    { selector: ([key]) => key, maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 6 }), async (files) => {
      const indices = files.flat().map(([, index]) => index)
      fc.pre(new Set(indices).size === indices.length)
      const newest = new Map<string, [slot: number, index: number]>()
      for (const [slot, entries] of files.entries()) {
        for (const [key, index] of entries) {
          if (index > (newest.get(key)?.[1] ?? 0)) newest.set(key, [slot, index])
        }
      }
      const seen: [string, [number, number]][] = []
      await mergeHints(files.map(cursorOver), nextTurn, (slot, { key, index }) => {
        seen.push([keyText(key), [slot, index]])
      })
      expect(seen).toEqual([...newest].sort(([a], [b]) => (a < b ? -1 : 1)))
    }),
  )
})

test('a visit that takes its time is waited for', async () => {
  const entries: [string, number][] = [
    ['a', 1],
    ['b', 2],
  ]
  let visiting = 0
  await mergeHints([cursorOver(entries, 0)], nextTurn, async () => {
    visiting++
    expect(visiting).toBe(1)
    await nextTurn()
    visiting--
  })
})

async function nextTurn(): Promise<void> {}

function cursorOver(entries: readonly (readonly [string, number])[], slot: number): HintCursor {
  const encoder = new HintImageEncoder()
  for (const [key, index] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const place = { offset: 0, size: 28, expiresAt: neverExpires }
    encoder.add({ kind: recordKind.put, key: textKey(key), index, ...place })
  }
  return HintCursor.overImage(slot, encoder.finish())
}
