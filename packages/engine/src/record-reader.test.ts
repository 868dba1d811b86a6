import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoredValue } from './results.ts'
import { Store } from './store.ts'

test.each([
  ['from the file', { cacheBytesMax: 0 }],
  ['from the cache', {}],
] as const)(
  'what is borrowed %s is right until the next call, and its memory is used again',
  async (_, options) => {
    await using store = await Store.open('/db', { fileSystem: new SimFileSystem(), ...options })
    const values = Array.from({ length: 300 }, (_, at) => Buffer.alloc(1 + at * 7, at))
    for (const [at, value] of values.entries()) await store.put(`k${at}`, value)
    await store.merge()
    const memories = new Set<ArrayBufferLike>()
    for (let round = 0; round < 5; round++) {
      for (const [at, value] of values.entries()) {
        const found = store.borrowNow(`k${at}`)
        // A turn of the event loop has its bounds; what is not lent is the caller's own.
        if (found instanceof Promise) expect((await found).value.equals(value)).toBe(true)
        else {
          expect(found?.value.equals(value)).toBe(true)
          memories.add(found!.value.buffer)
        }
      }
    }
    // One for records, one for the blocks around them; that one grows.
    expect(memories.size).toBeLessThanOrEqual(4)
    expect(store.borrowNow('none')).toBeUndefined()
  },
)

test('what is not borrowed stays what it is', async () => {
  await using store = await Store.open('/db', { fileSystem: new SimFileSystem() })
  for (let at = 0; at < 50; at++) await store.put(`k${at}`, `value ${at}`)
  const kept: (StoredValue | undefined)[] = []
  for (let at = 0; at < 50; at++) {
    kept.push(await store.getNow(`k${at}`))
    await store.borrowNow(`k${49 - at}`)
  }
  for (const [at, found] of kept.entries()) expect(found?.value.toString()).toBe(`value ${at}`)
})
