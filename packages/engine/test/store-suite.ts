import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FileSystem } from '../src/file-system/file-system.ts'
import type { StoreOptions } from '../src/options.ts'
import type { BatchOperation, DeleteOptions, PutOptions, RangeOptions } from '../src/results.ts'
import { segmentFooterBytes, segmentHeaderBytes } from '../src/segment.ts'
import { Store } from '../src/store.ts'
import { isInside } from './key-inside.ts'
import { TestClock } from './test-clock.ts'

export interface StoreUnderTest {
  readonly fileSystem: FileSystem
  /** For a store; its parent exists. */
  readonly directory: string
  readonly cleanUp: () => Promise<void>
}

/** What callers may rely on, on the real disk and on the simulated one. */
export function describeStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}`, () => {
    let made: StoreUnderTest
    let clock: TestClock
    let opened: Store[]

    beforeEach(async () => {
      made = await make()
      clock = new TestClock()
      opened = []
    })

    afterEach(async () => {
      for (const store of opened) await store.close()
      await made.cleanUp()
    })

    async function open(options: StoreOptions = {}): Promise<Store> {
      const { directory, fileSystem } = made
      const store = await Store.open(directory, { fileSystem, clock, ...options })
      opened.push(store)
      return store
    }

    describe('conditions', () => {
      test('a put, if the key is absent or has a version', async () => {
        const store = await open()
        expect((await store.put('a', '1', { ifAbsent: true })).version).toBe(1)
        await expect(store.put('a', '2', { ifAbsent: true })).rejects.toMatchObject(mismatch(1))
        await expect(store.put('a', '2', { ifVersion: 7 })).rejects.toMatchObject(mismatch(1))
        await expect(store.put('b', '2', { ifVersion: 7 })).rejects.toMatchObject(mismatch())
        await expect(store.put('a', '2', { ifVersion: 0 })).rejects.toMatchObject(mismatch(1))
        expect((await store.put('a', '2', { ifVersion: 1 })).version).toBe(2)
        expect(await store.get('a')).toEqual({ value: Buffer.from('2'), version: 2 })
        expect(await store.get('b')).toBeUndefined()
        expect(store.stats().operations).toMatchObject({ puts: 2, refused: 4 })
      })

      test('a delete, if the key has a version', async () => {
        const store = await open()
        await store.put('a', '1')
        await expect(store.delete('a', { ifVersion: 7 })).rejects.toMatchObject(mismatch(1))
        await expect(store.delete('b', { ifVersion: 7 })).rejects.toMatchObject(mismatch())
        expect(await store.delete('a', { ifVersion: 1 })).toMatchObject({ existed: true })
        expect(await store.get('a')).toBeUndefined()
      })

      test('a batch as a whole, as the store was before it', async () => {
        const store = await open()
        await store.put('a', '1')
        const failing: BatchOperation[] = [
          { type: 'put', key: 'b', value: '1' },
          { type: 'delete', key: 'a', ifVersion: 7 },
        ]
        await expect(store.batch(failing)).rejects.toMatchObject(mismatch(1))
        expect(await store.get('b')).toBeUndefined()
        await store.batch([
          { type: 'put', key: 'b', value: '1', ifAbsent: true },
          { type: 'put', key: 'b', value: '2', ifAbsent: true },
          { type: 'delete', key: 'a', ifVersion: 1 },
        ])
        expect((await store.get('b'))?.value.toString()).toBe('2')
        expect(await store.get('a')).toBeUndefined()
      })

      test('of many that want the same, at once, one is granted', async () => {
        const store = await open()
        const puts = Array.from({ length: 20 }, (_, place) =>
          store.put('lock', `${place}`, { ifAbsent: true }),
        )
        const ended = await Promise.allSettled(puts)
        expect(ended.map(({ status }) => status)).toEqual([
          'fulfilled',
          ...Array.from({ length: 19 }, () => 'rejected'),
        ])
        for (const { reason } of ended.slice(1) as PromiseRejectedResult[]) {
          expect(reason).toMatchObject(mismatch(1))
        }
        expect((await store.get('lock'))?.value.toString()).toBe('0')
      })

      test('count on what is under way', async () => {
        const store = await open()
        const ended = await Promise.allSettled([
          store.put('a', '1'),
          store.put('a', '2', { ifVersion: 1 }),
          store.delete('a', { ifVersion: 2 }),
          store.put('a', '3', { ifVersion: 2 }),
          store.put('a', '4', { ifAbsent: true }),
        ])
        expect(ended.map(({ status }) => status)).toEqual([
          'fulfilled',
          'fulfilled',
          'fulfilled',
          'rejected',
          'fulfilled',
        ])
        expect((await store.get('a'))?.value.toString()).toBe('4')
      })

      test('a name that there is not is refused: a misspelt condition must not be dropped', async () => {
        const store = await open()
        const misspelt = { ifAbsnet: true } as PutOptions
        const unknown = /unknown (option|field of an operation) 'ifAbsnet'.*nothing was done/
        await expect(store.put('a', '1', misspelt)).rejects.toThrow(unknown)
        await expect(store.delete('a', misspelt as DeleteOptions)).rejects.toThrow(unknown)
        await expect(
          store.batch([{ type: 'put', key: 'a', value: '1', ...misspelt }]),
        ).rejects.toThrow(unknown)
        await expect(store.put('a', '1', null as unknown as PutOptions)).rejects.toThrow(TypeError)
        expect(store.appliedIndex).toBe(0)
        await store.put('a', '1', { ifAbsent: undefined })
      })

      test.each([
        [{ ifVersion: -1 }, RangeError],
        [{ ifVersion: 1.5 }, RangeError],
        [{ ifVersion: '1' as unknown as number }, RangeError],
        [{ ifAbsent: 1 as unknown as boolean }, TypeError],
        [{ ifVersion: 1, ifAbsent: true }, TypeError],
      ])('%j is refused', async (options, error) => {
        const store = await open()
        await expect(store.put('a', '1', options)).rejects.toThrow(error)
        expect(store.appliedIndex).toBe(0)
      })
    })

    describe('a time to live', () => {
      test('once it is over, nobody sees the key', async () => {
        const store = await open()
        await store.put('a', '1', { ttlMs: 500 })
        await store.put('b', '2')
        const expiresAt = clock.now() + 500
        expect(await store.get('a')).toEqual({ value: Buffer.from('1'), version: 1, expiresAt })
        expect(await keysIn(store)).toEqual(['a', 'b'])
        clock.advance(499)
        expect(await store.get('a')).toBeDefined()
        clock.advance(1)
        expect(await store.get('a')).toBeUndefined()
        expect(await store.getMany(['a', 'b'])).toMatchObject([undefined, { version: 2 }])
        expect(await keysIn(store)).toEqual(['b'])
        expect(await store.delete('a')).toMatchObject({ existed: false })
        await store.put('a', '3', { ifAbsent: true })
        expect((await store.get('a'))?.value.toString()).toBe('3')
      })

      test('a later put takes it away, or gives another', async () => {
        const store = await open()
        await store.put('a', '1', { ttlMs: 500 })
        await store.put('a', '2')
        await store.put('b', '1')
        await store.put('b', '2', { ttlMs: 500 })
        expect(store.stats().expiry).toEqual({ keys: 1, removed: 0 })
        clock.advance(10_000)
        expect(await keysIn(store)).toEqual(['a'])
      })

      test('a sweep removes what has expired, and nothing else', async () => {
        const store = await open()
        for (let place = 0; place < 3000; place++) {
          const key = String(place).padStart(4, '0')
          await store.put(key, '', place % 3 === 0 ? { ttlMs: 500 } : {})
        }
        await store.put('late', '', { ttlMs: 1e9 })
        expect(store.stats().expiry).toEqual({ keys: 1001, removed: 0 })
        for (let step = 0; store.stats().expiry.removed < 1000; step++) {
          expect(step).toBeLessThan(100_000)
          clock.advance(5)
          await new Promise((resolve) => setImmediate(resolve))
        }
        expect(store.stats()).toMatchObject({ keys: 2001, expiry: { keys: 1, removed: 1000 } })
        expect((await keysIn(store)).length).toBe(2001)
      })

      test('lasts over a restart, and over a merge', async () => {
        const options = { segmentBytes: 256, autoMerge: false }
        const store = await open(options)
        await store.put('a', '1', { ttlMs: 500 })
        for (let place = 0; place < 20; place++) await store.put('b', `${place}`)
        await store.merge()
        await store.close()
        const again = await open(options)
        expect(await keysIn(again)).toEqual(['a', 'b'])
        clock.advance(500)
        expect(await keysIn(again)).toEqual(['b'])
        await again.close()
        // The sweep has not come by: whoever opens it does not see the key either.
        expect(await keysIn(await open(options))).toEqual(['b'])
      })

      test('a clock that goes back brings nothing back', async () => {
        const store = await open()
        await store.put('a', '1', { ttlMs: 500 })
        clock.advance(500)
        expect(await store.get('a')).toBeUndefined()
        clock.advance(-400)
        expect(await store.get('a')).toBeUndefined()
      })

      test.each([0, -1, 1.5, Number.NaN, 2 ** 53])('%d ms is refused', async (ttlMs) => {
        const store = await open()
        await expect(store.put('a', '1', { ttlMs })).rejects.toThrow(RangeError)
        const batch: BatchOperation[] = [{ type: 'put', key: 'a', value: '', ttlMs }]
        await expect(store.batch(batch)).rejects.toThrow(RangeError)
        expect(store.appliedIndex).toBe(0)
      })
    })

    describe('one key', () => {
      test('put, get, overwrite, delete', async () => {
        const store = await open()
        expect(await store.get('a')).toBeUndefined()
        expect(await store.put('a', '1')).toEqual({ version: 1, durability: 'synced' })
        expect(await store.get('a')).toEqual({ value: Buffer.from('1'), version: 1 })
        expect((await store.put('a', '2')).version).toBe(2)
        expect(await store.get('a')).toEqual({ value: Buffer.from('2'), version: 2 })
        const deleted = { existed: true, version: 3, durability: 'synced' }
        expect(await store.delete('a')).toEqual(deleted)
        expect(await store.get('a')).toBeUndefined()
        const absent = { existed: false, version: undefined, durability: 'synced' }
        expect(await store.delete('a')).toEqual(absent)
        expect(store.appliedIndex).toBe(3)
      })

      test('text is UTF-8, and the same key as its bytes', async () => {
        const store = await open()
        await store.put('ключ', Buffer.from([0, 0xff]))
        expect((await store.get(Buffer.from('ключ')))?.value).toEqual(Buffer.from([0, 0xff]))
        await store.put(new TextEncoder().encode('ключ'), 'значение')
        expect((await store.get('ключ'))?.value.toString()).toBe('значение')
        expect(store.stats().keys).toBe(1)
      })

      test('the empty key and the empty value are a key and a value', async () => {
        const store = await open()
        await store.put('', 'of the empty key')
        await store.put('a', '')
        expect((await store.get(''))?.value.toString()).toBe('of the empty key')
        expect((await store.get('a'))?.value).toHaveLength(0)
        expect(await keysOf(store, {})).toEqual(['', 'a'])
        expect((await store.delete('')).existed).toBe(true)
        expect(await keysOf(store, {})).toEqual(['a'])
      })

      test('the longest key, and a value of many reads', async () => {
        const store = await open({ segmentBytes: 256 })
        const key = 'k'.repeat(65_535)
        const value = Buffer.alloc(300_000, 'xyz')
        await store.put(key, value)
        expect((await store.get(key))?.value.equals(value)).toBe(true)
      })

      test('what is handed in is copied at once', async () => {
        const store = await open()
        const [key, value] = [Buffer.from('a'), Buffer.from('1')]
        const written = store.put(key, value)
        key.fill('b')
        value.fill('2')
        await written
        expect((await store.get('a'))?.value.toString()).toBe('1')
      })

      test('what is handed out is the caller’s', async () => {
        const store = await open()
        await store.put('a', '1')
        const found = await store.get('a')
        found?.value.fill('x')
        const [entry] = (await store.page({ limit: 1, bytesMax: 100 })).entries
        entry?.key.fill('x')
        entry?.value.fill('x')
        expect((await store.get('a'))?.value.toString()).toBe('1')
        expect(await keysOf(store, {})).toEqual(['a'])
      })

      test('two deletes at once: the second finds nothing', async () => {
        const store = await open()
        await store.put('a', '1')
        const [first, second] = await Promise.all([store.delete('a'), store.delete('a')])
        expect([first.existed, second.existed]).toEqual([true, false])
        const [, gone, put] = await Promise.all([
          store.put('b', '1'),
          store.delete('b'),
          store.put('b', '2'),
        ])
        expect(gone.existed).toBe(true)
        expect((await store.get('b'))?.version).toBe(put.version)
      })
    })

    describe('many keys', () => {
      test('a batch applies in its order, with versions in a row', async () => {
        const store = await open()
        await store.put('a', '0')
        const result = await store.batch([
          { type: 'put', key: 'a', value: '1' },
          { type: 'delete', key: 'absent' },
          { type: 'put', key: 'b', value: '2' },
          { type: 'delete', key: 'a' },
          { type: 'put', key: 'b', value: '3' },
        ])
        expect(result).toEqual({ version: 2, durability: 'synced' })
        expect(await store.get('a')).toBeUndefined()
        expect(await store.get('b')).toEqual({ value: Buffer.from('3'), version: 6 })
        expect(store.appliedIndex).toBe(6)
      })

      test('getMany answers in the order asked, twice where asked twice', async () => {
        const store = await open()
        await store.batch(puts({ a: '1', b: '2' }))
        expect(await valuesOf(store, ['b', 'x', 'a', 'b'])).toEqual(['2', undefined, '1', '2'])
        expect(await store.getMany([])).toEqual([])
      })

      test('more files than descriptors', async () => {
        const store = await open({ segmentBytes: 256, openFilesMax: 4, autoMerge: false })
        const keys = Array.from({ length: 40 }, (_, place) => `k${place}`)
        for (const key of keys) await store.put(key, key.repeat(60))
        expect(store.stats().files.logSegments).toBeGreaterThan(12)
        expect(await valuesOf(store, keys)).toEqual(keys.map((key) => key.repeat(60)))
        // Segments are sealed beside the reads; until then they are held open to be written to.
        await expect.poll(() => store.stats().files.unsealedSegments, { interval: 1 }).toBe(0)
        expect(await valuesOf(store, keys)).toEqual(keys.map((key) => key.repeat(60)))
        expect(store.stats().files.open).toBeLessThanOrEqual(4)
      })
    })

    describe('ranges', () => {
      test('all bounds, both ways, with limits', async () => {
        const store = await open()
        const byte = fc.constantFrom(0, 0x61, 0x7f, 0x80, 0xff)
        const key = fc.array(byte, { maxLength: 3 }).map((bytes) => Buffer.from(bytes))
        const keys = fc.sample(key, { numRuns: 80, seed: 1 })
        await store.batch(keys.map((key) => ({ type: 'put', key, value: key })))
        const sorted = [...new Set(keys.map((key) => key.toString('hex')))].sort()
        const bound = fc.option(key, { nil: undefined })
        const options = fc.record({
          gte: bound,
          gt: bound,
          lte: bound,
          lt: bound,
          prefix: bound,
          reverse: fc.boolean(),
          limit: fc.option(fc.nat(70), { nil: undefined }),
        })
        await fc.assert(
          fc.asyncProperty(options, async (options) => {
            const inside = sorted.filter((hex) => isInside(Buffer.from(hex, 'hex'), options))
            if (options.reverse) inside.reverse()
            const expected = inside.slice(0, options.limit)
            for await (const { key, value } of store.range(options)) {
              expect(key.toString('hex')).toBe(expected.shift())
              expect(value.equals(key)).toBe(true)
            }
            expect(expected).toEqual([])
          }),
        )
      })

      test('a range of many pages, in both directions', async () => {
        const store = await open()
        const keys = Array.from({ length: 700 }, (_, place) => String(place).padStart(3, '0'))
        await store.batch(keys.map((key) => ({ type: 'put', key, value: key })))
        expect(await keysOf(store, {})).toEqual(keys)
        expect(await keysOf(store, { gt: '010', reverse: true })).toEqual(keys.slice(11).reverse())
        expect(await keysOf(store, { limit: 300 })).toEqual(keys.slice(0, 300))
        expect(await keysOf(store, { limit: 0 })).toEqual([])
      })

      test('only keys: with versions, without values', async () => {
        const store = await open()
        await store.batch(puts({ a: '1', b: '2' }))
        const page = await store.page({ limit: 9, bytesMax: 99, keysOnly: true })
        expect(page).toEqual({
          entries: [
            { key: Buffer.from('a'), value: Buffer.alloc(0), version: 1 },
            { key: Buffer.from('b'), value: Buffer.alloc(0), version: 2 },
          ],
          more: false,
        })
      })

      test('a page ends at its limits, and says whether there is more', async () => {
        const store = await open()
        await store.batch(puts({ a: '12345', b: '12345', c: '12345' }))
        const sizes = async (limit: number, bytesMax: number): Promise<[number, boolean]> => {
          const { entries, more } = await store.page({ limit, bytesMax })
          return [entries.length, more]
        }
        expect(await sizes(2, 100)).toEqual([2, true])
        expect(await sizes(3, 100)).toEqual([3, false])
        expect(await sizes(3, 12)).toEqual([2, true])
        expect(await sizes(3, 11)).toEqual([1, true])
        expect(await sizes(3, 0)).toEqual([1, true])
        expect(await sizes(0, 100)).toEqual([0, true])
      })

      test('is as of the moment when its first entry is asked for', async () => {
        const store = await open()
        const keys = Array.from({ length: 300 }, (_, place) => String(place).padStart(3, '0'))
        await store.batch(keys.map((key) => ({ type: 'put', key, value: '1' })))
        const seen: string[] = []
        for await (const { key, value } of store.range()) {
          if (seen.length === 0) {
            await store.delete('299')
            await store.put('298', '2')
            await store.put('3', '2')
          }
          seen.push(key.toString())
          expect(value.toString()).toBe('1')
        }
        expect(seen).toEqual(keys)
        expect(store.stats().snapshots).toMatchObject({ open: 0, expired: 0 })
      })

      test('entries say when they expire', async () => {
        const store = await open()
        await store.put('a', '1', { ttlMs: 10 })
        await store.put('b', '2')
        const expiresAt = clock.now() + 10
        const entries = [
          { key: Buffer.from('a'), value: Buffer.from('1'), version: 1, expiresAt },
          { key: Buffer.from('b'), value: Buffer.from('2'), version: 2 },
        ]
        const range = store.range()
        expect([(await range.next()).value, (await range.next()).value]).toEqual(entries)
        const { value } = await store.range({ limit: 1, keysOnly: true }).next()
        expect(value).toEqual({ ...entries[0], value: Buffer.alloc(0) })
      })

      test('an option that there is not is refused: a misspelt bound must not be dropped', async () => {
        const store = await open()
        const misspelt = { pefix: 'a' } as RangeOptions
        const unknown = /unknown option 'pefix'.*prefix.*nothing was done/
        await expect(store.range(misspelt).next()).rejects.toThrow(unknown)
        await expect(store.count(misspelt)).rejects.toThrow(unknown)
        await expect(store.deleteRange({ ...misspelt, gte: 'a' })).rejects.toThrow(unknown)
        expect(store.stats().snapshots.open).toBe(0)
      })
    })

    describe('limits', () => {
      const limits = {
        keyBytesMax: 3,
        valueBytesMax: 5,
        batchBytesMax: 9,
        batchOperationsMax: 3,
      } satisfies StoreOptions

      test('what is exactly as large as allowed is taken', async () => {
        const store = await open(limits)
        await store.put('abc', '12345')
        await store.batch(puts({ a: '12', b: '12', c: '12' }))
        expect(store.stats().keys).toBe(4)
      })

      test.each<[string, (store: Store) => Promise<unknown>]>([
        ['KV_KEY_TOO_LARGE', (store) => store.put('abcd', '1')],
        ['KV_KEY_TOO_LARGE', (store) => store.delete('abcd')],
        ['KV_KEY_TOO_LARGE', (store) => store.get('abcd')],
        ['KV_KEY_TOO_LARGE', (store) => store.getMany(['a', 'abcd'])],
        ['KV_KEY_TOO_LARGE', (store) => store.batch(puts({ a: '1', abcd: '1' }))],
        ['KV_VALUE_TOO_LARGE', (store) => store.put('a', '123456')],
        ['KV_VALUE_TOO_LARGE', (store) => store.batch(puts({ a: '1', b: '123456' }))],
        ['KV_BATCH_TOO_LARGE', (store) => store.batch(puts({ a: '1', b: '1', c: '1', d: '1' }))],
        ['KV_BATCH_TOO_LARGE', (store) => store.batch(puts({ a: '1234', b: '1234' }))],
      ])('%s, and nothing was written', async (code, call) => {
        const store = await open(limits)
        const error: unknown = await call(store).catch((error: unknown) => error)
        expect(error).toMatchObject({
          name: 'KvError',
          code,
          retryable: false,
          outcome: 'not-applied',
        })
        expect((error as Error).message).toMatch(/; nothing was (written|done); [a-z ]+/)
        expect(store.stats()).toMatchObject({ keys: 0, appliedIndex: 0 })
      })

      test('KV_TRY_LATER when too much waits, and nothing of that was written', async () => {
        const store = await open({ pendingBytesMax: 65_536 })
        const value = Buffer.alloc(30_000)
        const results = await Promise.allSettled(
          ['a', 'b', 'c', 'd', 'e'].map((key) => store.put(key, value)),
        )
        expect(results.map(({ status }) => status)).toEqual([
          'fulfilled',
          'fulfilled',
          'fulfilled',
          'rejected',
          'rejected',
        ])
        const refusal = { code: 'KV_TRY_LATER', retryable: true, outcome: 'not-applied' }
        expect(results[3]).toMatchObject({ reason: refusal })
        expect(await keysOf(store, {})).toEqual(['a', 'b', 'c'])
        expect((await store.put('d', value)).version).toBe(4)
      })
    })

    describe('wrong arguments', () => {
      test.each<[string, ErrorConstructor, (store: Store) => unknown]>([
        ['no key', TypeError, (store) => store.put(undefined as never, '1')],
        ['a number as key', TypeError, (store) => store.get(5 as never)],
        ['null as value', TypeError, (store) => store.put('a', null as never)],
        ['an array as key', TypeError, (store) => store.delete([1] as never)],
        ['half a surrogate pair', TypeError, (store) => store.put('\ud800', '1')],
        ['a number as bound', TypeError, (store) => keysOf(store, { gte: 5 as never })],
        ['a number as bound', TypeError, (store) => page(store, { prefix: 5 as never })],
        [
          'an unknown operation',
          TypeError,
          (store) => store.batch([{ type: 'x', key: 'a' } as never]),
        ],
        [
          'an unknown wish',
          TypeError,
          (store) => store.put('a', '1', { durability: 'x' as never }),
        ],
        ['an unknown wish', TypeError, (store) => store.delete('a', { durability: 'x' as never })],
        ['an empty batch', RangeError, (store) => store.batch([])],
        ['a limit below 0', RangeError, (store) => keysOf(store, { limit: -1 })],
        ['half an entry', RangeError, (store) => keysOf(store, { limit: 1.5 })],
        ['no number as limit', RangeError, (store) => keysOf(store, { limit: Number.NaN })],
        ['no number as limit', RangeError, (store) => page(store, { limit: Number.NaN })],
        ['no number of bytes', RangeError, (store) => page(store, { bytesMax: Number.NaN })],
      ])('%s is refused, and nothing was written', async (_, kind, call) => {
        const store = await open()
        const refused: unknown = await (async () => call(store))().catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(kind)
        expect((refused as Error).message).toMatch(/^.*; nothing was done(; .*)?$/)
        expect(store.stats()).toMatchObject({ keys: 0, appliedIndex: 0 })
      })

      test('an unknown option, or one out of bounds', async () => {
        await expect(open({ segmentSize: 5 } as StoreOptions)).rejects.toThrow(TypeError)
        await expect(open({ segmentBytes: 5 })).rejects.toThrow(RangeError)
      })
    })

    describe('durability', () => {
      test.each(['interval', 'never'] as const)('%s: a stronger wish is honoured', async (mode) => {
        const store = await open({ durability: mode })
        const synced = { durability: 'synced' } as const
        expect((await store.put('a', '1')).durability).toBe('written')
        expect((await store.put('a', '2', synced)).durability).toBe('synced')
        expect((await store.batch(puts({ b: '1' }), synced)).durability).toBe('synced')
        expect((await store.delete('b')).durability).toBe('written')
        expect((await store.delete('b', synced)).durability).toBe('synced')
        const [, absent] = await Promise.all([store.delete('a'), store.delete('a', synced)])
        expect(absent).toMatchObject({ existed: false, durability: 'synced' })
      })

      test('always: a weaker wish changes nothing', async () => {
        const store = await open()
        expect((await store.put('a', '1', { durability: 'written' })).durability).toBe('synced')
      })

      test('interval: what was written is synced within the interval, once', async () => {
        const store = await open({ durability: 'interval', syncIntervalMs: 100 })
        await store.put('a', '1')
        await store.put('b', '2')
        clock.advance(99)
        expect(store.stats().commits.syncs.count).toBe(0)
        clock.advance(1)
        await expect.poll(() => store.stats().commits.syncs.count, { interval: 1 }).toBe(1)
        clock.advance(1_000)
        expect(store.stats().commits.syncs.count).toBe(1)
      })
    })

    describe('open and close', () => {
      test('what was written is there after a restart, and so is what was deleted', async () => {
        const store = await open({ segmentBytes: 256 })
        for (let write = 0; write < 30; write++) await store.put(`k${write % 7}`, String(write))
        await store.delete('k3')
        const { identity, appliedIndex } = store
        await store.close()
        const again = await open({ segmentBytes: 256 })
        expect(again.identity).toEqual(identity)
        expect(again.appliedIndex).toBe(appliedIndex)
        expect(await keysOf(again, {})).toEqual(['k0', 'k1', 'k2', 'k4', 'k5', 'k6'])
        expect((await again.get('k1'))?.value.toString()).toBe('29')
        expect((await again.put('new', '1')).version).toBe(appliedIndex + 1)
      })

      test('a second store on the directory is KV_LOCKED, until the first is closed', async () => {
        const store = await open()
        await expect(open()).rejects.toMatchObject({ code: 'KV_LOCKED', retryable: true })
        await store.put('a', '1')
        await store.close()
        expect((await (await open()).get('a'))?.version).toBe(1)
      })

      test('a directory with other files is refused, and left alone', async () => {
        const { fileSystem, directory } = made
        await fileSystem.makeDirectory(directory)
        await (await fileSystem.createFile(`${directory}/notes.txt`)).close()
        await expect(open()).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
        const names = await fileSystem.readDirectory(directory)
        expect(names.filter((name) => !name.startsWith('LOCK'))).toEqual(['notes.txt'])
      })

      test('a close waits for what was begun, and keeps it', async () => {
        const store = await open({ segmentBytes: 256 })
        const writes = Array.from({ length: 50 }, (_, place) => store.put(`k${place}`, 'x'))
        const closing = store.close()
        expect(store.close()).toBe(closing)
        const results = await Promise.all(writes)
        expect(results.every(({ durability }) => durability === 'synced')).toBe(true)
        await closing
        expect((await open()).stats().keys).toBe(50)
      })

      test.each<[string, (store: Store) => Promise<unknown>]>([
        ['put', (store) => store.put('a', '1')],
        ['delete', (store) => store.delete('a')],
        ['batch', (store) => store.batch(puts({ a: '1' }))],
        ['get', (store) => store.get('a')],
        ['getMany', (store) => store.getMany(['a'])],
        ['page', (store) => page(store, {})],
        ['range', (store) => keysOf(store, {})],
        ['merge', (store) => store.merge()],
      ])('%s of a closed store is KV_CLOSED', async (_, call) => {
        const store = await open()
        await store.close()
        await expect(call(store)).rejects.toMatchObject({ code: 'KV_CLOSED' })
      })

      test('a range that is under way at the close ends with KV_CLOSED', async () => {
        const store = await open()
        const keys = Array.from({ length: 600 }, (_, place) => `k${place}`)
        await store.batch(keys.map((key) => ({ type: 'put', key, value: 'x' })))
        const entries = store.range()
        await entries.next()
        await store.close()
        await expect(drained(entries)).rejects.toMatchObject({ code: 'KV_CLOSED' })
      })

      test('reads under way at the close still get their answer', async () => {
        const store = await open({ segmentBytes: 256, openFilesMax: 4, autoMerge: false })
        const keys = Array.from({ length: 30 }, (_, place) => `k${place}`)
        for (const key of keys) await store.put(key, key.repeat(60))
        const reads = Promise.all([store.getMany(keys), ...keys.map((key) => store.get(key))])
        await store.close()
        const [, ...found] = await reads
        expect(found.map((one) => one?.value.toString())).toEqual(keys.map((key) => key.repeat(60)))
      })

      test('`await using` closes', async () => {
        {
          await using store = await open()
          await store.put('a', '1')
        }
        expect((await open()).stats().keys).toBe(1)
      })
    })

    describe('merges and stats', () => {
      test('a merge keeps what is live and drops the rest', async () => {
        const store = await open({ segmentBytes: 512, autoMerge: false })
        for (let write = 0; write < 60; write++) await store.put(`k${write % 6}`, String(write))
        for (const key of ['k0', 'k1']) await store.delete(key)
        await store.put('fill', 'x'.repeat(600))
        await store.put('active', '1')
        await expect.poll(() => store.stats().files.unsealedSegments, { interval: 1 }).toBe(0)
        const before = store.stats()
        const report = await store.merge()
        expect(report).toMatchObject({ liveRecords: 6, keptTombstones: 0, droppedRecords: 58 })
        const after = store.stats()
        expect(after.keys).toBe(before.keys)
        const merged = before.files.bytes + segmentFooterBytes - report.inputBytes
        expect(after.files.bytes).toBe(merged + report.outputBytes + segmentHeaderBytes)
        expect(after.files.logSegments).toBe(1)
        expect(after.merges).toMatchObject({
          running: false,
          completed: 1,
          failed: 0,
          last: report,
        })
        const keys = ['k0', 'k2', 'k5', 'active']
        const values = [undefined, '56', '59', '1']
        expect(await valuesOf(store, keys)).toEqual(values)
        await store.close()
        expect(await valuesOf(await open(), keys)).toEqual(values)
      })

      test('nothing to merge is no error', async () => {
        expect(await (await open()).merge()).toMatchObject({ inputFiles: 0, outputFiles: 0 })
      })

      test('the figures are those of what happened', async () => {
        const store = await open({ valueBytesMax: 10 })
        await store.put('a', '1')
        await store.put('a', '22')
        await store.batch(puts({ b: '1', c: '1' }))
        await store.delete('b')
        await store.delete('absent')
        await store.get('a')
        await store.getMany(['a', 'x'])
        await page(store, {})
        await expect(store.put('a', 'x'.repeat(11))).rejects.toThrow()
        const stats = store.stats()
        expect(stats).toMatchObject({ keys: 2, appliedIndex: 5, failed: false })
        expect(stats.operations).toEqual({
          puts: 2,
          deletes: 2,
          batches: 1,
          gets: 3,
          pages: 1,
          refused: 1,
        })
        expect(stats.commits).toMatchObject({ records: 5, pendingBytes: 0 })
        expect(stats.commits.syncs.count).toBe(stats.commits.groups)
        expect(stats.commits.latency.count).toBe(4)
        // Two live records of 28 bytes and key and value: a=22 and c=1.
        expect(stats.files.liveBytes).toBe(28 + 3 + 28 + 2)
        expect(stats.files.bytes).toBe(64 + stats.commits.bytes)
        expect(stats.files.deadBytes).toBe(stats.commits.bytes - stats.files.liveBytes)
      })
    })
  })
}

function puts(values: Readonly<Record<string, string>>): BatchOperation[] {
  return Object.entries(values).map(([key, value]) => ({ type: 'put', key, value }))
}

function page(store: Store, options: object): Promise<unknown> {
  return store.page({ limit: 10, bytesMax: 1_000, ...options })
}

async function keysOf(store: Store, options: RangeOptions): Promise<string[]> {
  return (await drained(store.range(options))).map(({ key }) => key.toString())
}

async function valuesOf(store: Store, keys: readonly string[]): Promise<(string | undefined)[]> {
  return (await store.getMany(keys)).map((found) => found?.value.toString())
}

async function drained<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

function mismatch(version?: number): object {
  return {
    code: 'KV_VERSION_MISMATCH',
    outcome: 'not-applied',
    details: version === undefined ? {} : { version },
  }
}

async function keysIn(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.range({ keysOnly: true })) keys.push(key.toString())
  return keys
}
