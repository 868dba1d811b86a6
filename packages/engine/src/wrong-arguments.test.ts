import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { restoreBackup } from './backup/restore.ts'
import { verifyBackup } from './backup/verify.ts'
import type { Clock } from './clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import type { RangeEntries } from './range-entries.ts'
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
    /a key must be a string or a Uint8Array, not number/,
  ],
  ['a number borrowed', (store) => store.borrowNow(5), /a key must be a string or a Uint8Array/],
  ['a key of half a character', (store) => store.put('\ud800', 'v'), /half a surrogate pair/],
  ['a bound that is a number', (store) => store.count({ gte: 5 }), /the bound gte must be/],
  ['a time to live of nothing', (store) => store.put('k', 'v', { ttlMs: 0 }), /2\^52, not 0/],
  [
    'both conditions',
    (store) => store.put('k', 'v', { ifVersion: 1, ifAbsent: true }),
    /cannot both hold; nothing was done; leave one of them out/,
  ],
  [
    'a condition as text',
    (store) => store.put('k', 'v', { ifAbsent: 'yes' }),
    /ifAbsent must be true or false, not 'yes'/,
  ],
  [
    'a wish that there is not',
    (store) => store.put('k', 'v', { durability: 'disk' }),
    /the durability must be 'written' or 'synced', not 'disk'/,
  ],
  ['an empty batch', (store) => store.batch([]), /must hold at least one operation/],
  [
    'an operation of another kind',
    (store) =>
      store.batch([
        { type: 'delete', key: 'a' },
        { type: 'putt', key: 'a' },
      ]),
    /^operation 1: an operation's type must be 'put' or 'delete', not 'putt'/,
  ],
  [
    'a batch with a misspelt field',
    (store) => store.batch([{ type: 'put', key: 'a', value: 'v', ttl: 5 }]),
    /^operation 0: unknown field of an operation 'ttl'/,
  ],
  [
    'a batch with a time to live out of bounds',
    (store) =>
      store.batch([
        { type: 'delete', key: 'a' },
        { type: 'put', key: 'b', value: 'v', ttlMs: -1 },
      ]),
    /^operation 1: ttlMs must be/,
  ],
  ['a range of null', (store) => entriesOf(store.range(null)), /options must be an object/],
  ['a range of text', (store) => entriesOf(store.range('k')), /options must be an object, not 'k'/],
  [
    'a range in some direction',
    (store) => entriesOf(store.range({ reverse: 'yes' })),
    /reverse must be true or false, not 'yes'/,
  ],
  [
    'a page with values or not',
    (store) => store.page({ limit: 1, bytesMax: 9, keysOnly: 1 }),
    /keysOnly must be true or false, not 1/,
  ],
  ['a limit as text', (store) => entriesOf(store.range({ limit: '5' })), /not '5'/],
  ['verify with a signal that is none', (store) => store.verify({ signal: 5 }), /signal must be/],
  [
    'verify with what cannot be called',
    (store) => store.verify({ onProgress: 5 }),
    /onProgress must be a function, not 5/,
  ],
  [
    'verify with a pace as text',
    (store) => store.verify({ bytesPerSecondMax: '5' }),
    /from 1 on, not '5'/,
  ],
  ['backup without a path', (store) => store.backup(), /must be a path, not undefined/],
  ['backup to no path', (store) => store.backup(''), /must be a path, not ''.*'\.' is/],
  [
    'backup at a pace as text',
    (store) => store.backup('/backup', { bytesPerSecondMax: '5' }),
    /or Infinity, not '5'/,
  ],
  [
    'an option that takes many lines to print',
    (store) => store.put('k', 'v', { ttlMs: new Error('no\nnumber') }),
    /ttlMs must be .*Error: no number/,
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
  expect((refused as Error).message).toMatch(/^.*; (nothing was done|no backup was made)(; .*)?$/)
  expect(store.appliedIndex).toBe(1)
  await store.close()
})

test.each<[unknown, RegExp]>([
  [null, /store options must be an object, not null/],
  [{ segmentBytes: '4096' }, /segmentBytes must be a whole number from .* not '4096'/],
  [{ autoMerge: 'false' }, /autoMerge must be true or false, not 'false'/],
  [{ durability: 'disk' }, /durability must be always, interval or never, not 'disk'/],
  [{ segmentSize: 5 }, /unknown store option 'segmentSize'; there are: .*segmentBytes/],
  [{ logger: null }, /logger must be .* info, warn, error, not null/],
  [{ logger: console.log }, /logger must be .* not \[Function: log\]/],
  [{ onFailure: 5 }, /onFailure must be a function, not 5/],
  [{ clock: {} }, /clock must be .* nextTurn, not \{\}/],
  [{ fileSystem: {} }, /fileSystem must be .* not \{\}/],
])('a store does not open with %j', async (options, message) => {
  const opening = Store.open('/db', options as StoreOptions)
  await expect(opening).rejects.toThrow(message)
  await expect(opening).rejects.toThrow(/^.*; the store was not opened$/)
})

test.each([[undefined], [''], [5], ['a\0b']])('%j is no path of a store', async (path) => {
  await expect(Store.open(path as string)).rejects.toThrow(
    /^the directory of the store must be a path, not .*; the store was not opened; '\.' is/,
  )
})

test('a restore wants two paths, and a backup that is verified one', async () => {
  const none = undefined as unknown as string
  const store = 'the directory for the store must be a path, not undefined; no store was made'
  await expect(restoreBackup('./bk', none)).rejects.toThrow(store)
  await expect(restoreBackup(none, './db')).rejects.toThrow('the directory of the backup must be')
  await expect(verifyBackup(none)).rejects.toThrow('the directory of the backup must be')
  const clock = {} as Clock
  await expect(verifyBackup('./bk', { clock })).rejects.toThrow('clock must be an object with')
  const signal = 5 as unknown as AbortSignal
  await expect(verifyBackup('./bk', { signal })).rejects.toThrow('signal must be an AbortSignal')
})

test('a directory that no store can be in says why, and what to do', async () => {
  const fileSystem = new SimFileSystem()
  await (await fileSystem.createFile('/file')).close()
  const options = { fileSystem, clock: new TestClock() }
  await expect(Store.open('/x/y/z', options)).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
    message:
      '/x/y/z cannot be used: the system finds no directory /x/y to make it in; the store was not opened; make its parent first, or choose another directory',
    cause: { code: 'ENOENT' },
  })
  for (const path of ['/file', '/file/db']) {
    await expect(Store.open(path, options)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: `${path} cannot be used: it, or what should be a directory on the way to it, is a file; the store was not opened; choose another directory`,
    })
  }
})

test('a condition that does not hold says what was expected, and in a batch of which operation', async () => {
  const store = await opened()
  const rest = '; nothing was written; read it again and decide anew'
  await expect(store.put('k', 'v', { ifAbsent: true })).rejects.toThrow(
    `the key was expected to be absent, but has version 1${rest}`,
  )
  await expect(store.put('k', 'v', { ifVersion: 7 })).rejects.toThrow(
    `version 7 was expected, but the key has version 1${rest}`,
  )
  const batch = [
    { type: 'put', key: 'a', value: 'v' },
    { type: 'delete', key: 'none', ifVersion: 7 },
  ] as const
  await expect(store.batch(batch)).rejects.toThrow(
    `operation 1: version 7 was expected, but there is no such key${rest}`,
  )
  await store.close()
})

test('the length of a value is told for text and for bytes', async () => {
  const store = await opened()
  expect(store.valueBytes('k')).toBe(5)
  expect(store.valueBytes(Buffer.from('k'))).toBe(5)
  expect(store.valueBytes('none')).toBeUndefined()
  await store.close()
})

async function entriesOf(range: unknown): Promise<unknown> {
  return await (range as RangeEntries).all()
}

async function opened(): Promise<Store> {
  const store = await Store.open('/db', { fileSystem: new SimFileSystem(), clock: new TestClock() })
  await store.put('k', 'value')
  return store
}
