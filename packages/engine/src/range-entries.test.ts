import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

test('calls that do not wait for one another get the entries in order, then the end', async () => {
  await using store = await storeOf(600)
  const range = store.range({ keysOnly: true })
  const results = await Promise.all(Array.from({ length: 603 }, () => range.next()))
  const keys = results.map(({ value }) => value?.key.toString())
  expect(keys.slice(0, 600)).toEqual(Array.from({ length: 600 }, (_, place) => keyOf(place)))
  expect(results.slice(600).map(({ done }) => done)).toEqual([true, true, true])
})

test('all takes what is still to come', async () => {
  await using store = await storeOf(600)
  const range = store.range({ keysOnly: true, reverse: true, limit: 550 })
  await range.next()
  const keys = (await range.all()).map(({ key }) => key.toString())
  expect(keys).toEqual(Array.from({ length: 549 }, (_, place) => keyOf(598 - place)))
  expect(await range.all()).toEqual([])
  await expect(store.range({ limit: -1 }).all()).rejects.toThrow(RangeError)
})

test('a range that is left is over', async () => {
  await using store = await storeOf(3)
  const range = store.range()
  for await (const { key } of range) {
    expect(key.toString()).toBe('0000')
    break
  }
  expect(await range.next()).toEqual({ done: true, value: undefined })
})

test('a range that is left while a page is being read is over', async () => {
  await using store = await storeOf(3)
  const range = store.range()
  const [, left] = await Promise.all([range.next(), range.return()])
  expect(left).toEqual({ done: true, value: undefined })
  expect(await range.next()).toEqual({ done: true, value: undefined })
})

test('what is wrong is told with the first entry, and ends the range', async () => {
  await using store = await storeOf(3)
  const range = store.range({ limit: -1 })
  await expect(range.next()).rejects.toThrow(RangeError)
  expect(await range.next()).toEqual({ done: true, value: undefined })
  const thrown = store.range()
  await expect(thrown.throw(new Error('enough'))).rejects.toThrow('enough')
  expect((await thrown.next()).done).toBe(true)
})

test('buffers of bounds and keys may be used again at once', async () => {
  await using store = await storeOf(300)
  const bound = Buffer.from('0100')
  const range = store.range({ gte: bound, limit: 1 })
  bound.fill('9')
  expect((await range.all()).map(({ key }) => key.toString())).toEqual(['0100'])
  const keys = Array.from({ length: 3 }, (_, place) => Buffer.from(keyOf(place)))
  const found = store.getMany(keys)
  for (const key of keys) key.fill('9')
  expect((await found).map((value) => value?.version)).toEqual([1, 2, 3])
})

async function storeOf(keys: number): Promise<Store> {
  const store = await Store.open('/db', { fileSystem: new SimFileSystem(), durability: 'never' })
  for (let place = 0; place < keys; place++) await store.put(keyOf(place), '')
  return store
}

function keyOf(place: number): string {
  return String(place).padStart(4, '0')
}
