import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import { Store } from './store.ts'

/** A store as callers without types see it. */
type Untyped = Readonly<Record<keyof Store, (...given: unknown[]) => unknown>>

const calls: [string, (store: Untyped) => unknown, RegExp][] = [
  [
    'put with a number for options',
    (store) => store.put('k', 'v', 5),
    /options must be an object, not 5/,
  ],
  [
    'put without options, as null',
    (store) => store.put('k', 'v', null),
    /options must be an object, not null/,
  ],
  ['a time to live as text', (store) => store.put('k', 'v', { ttlMs: '5' }), /2\^52, not '5'/],
  ['a version as text', (store) => store.put('k', 'v', { ifVersion: '5' }), /from 0 on, not '5'/],
  [
    'a batch that is none',
    (store) => store.batch({ type: 'put' }),
    /must be an array of operations/,
  ],
  ['a batch of nothing', (store) => store.batch(), /must be an array of operations/],
  ['a batch of null', (store) => store.batch([null]), /an operation must be an object, not null/],
  ['keys that are text', (store) => store.getMany('abc'), /keys must be an array/],
  [
    'a bound that is no number',
    (store) => store.getMany(['k'], Number.NaN),
    /bytesMax must be .* not NaN/,
  ],
  ['a bound as text', (store) => store.getMany(['k'], '5'), /bytesMax must be .* not '5'/],
  ['a page of nothing', (store) => store.page(), /options must be an object, not undefined/],
  [
    'a page with a misspelt bound',
    (store) => store.page({ limit: 1, bytesMax: 9, prefx: 'k' }),
    /unknown option 'prefx'/,
  ],
  [
    'verify with a misspelt pace',
    (store) => store.verify({ bytesPerSecond: 1 }),
    /unknown option 'bytesPerSecond'/,
  ],
  [
    'the length of the value of a number',
    (store) => store.valueBytes(5),
    /a key must be a string or a Uint8Array/,
  ],
]

test.each(calls)('%s is refused, and says what to give', async (_, call, message) => {
  const store = await opened()
  const refused = await Promise.resolve()
    .then(() => call(store as unknown as Untyped))
    .catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Error)
  expect(['TypeError', 'RangeError']).toContain((refused as Error).name)
  expect((refused as Error).message).toMatch(message)
  expect(store.appliedIndex).toBe(1)
  await store.close()
})

test.each<[unknown, RegExp]>([
  [null, /store options must be an object, not null/],
  [{ segmentBytes: '4096' }, /segmentBytes must be a whole number from .* not '4096'/],
  [{ autoMerge: 'false' }, /autoMerge must be true or false, not 'false'/],
])('a store does not open with %j', async (options, message) => {
  await expect(Store.open('/db', options as StoreOptions)).rejects.toThrow(message)
})

test('the length of a value is told for text and for bytes', async () => {
  const store = await opened()
  expect(store.valueBytes('k')).toBe(5)
  expect(store.valueBytes(Buffer.from('k'))).toBe(5)
  expect(store.valueBytes('none')).toBeUndefined()
  await store.close()
})

async function opened(): Promise<Store> {
  const store = await Store.open('/db', { fileSystem: new SimFileSystem(), clock: new TestClock() })
  await store.put('k', 'value')
  return store
}
