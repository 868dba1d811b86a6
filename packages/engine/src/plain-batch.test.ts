import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { PlainBatch } from './plain-batch.ts'
import { recordBytes, recordKind } from './record.ts'
import type { BatchOperation } from './results.ts'
import { Store } from './store.ts'

const limits = { keyBytesMax: 300, valueBytesMax: 100, batchBytesMax: 1_000, batchOperationsMax: 5 }
const value = Buffer.from('value')
const long = 'k'.repeat(256)

test('gives puts and deletes as they were taken in', () => {
  const batch = new PlainBatch()
  const operations = [
    { type: 'put', key: 'käse', value },
    { type: 'delete', key: Buffer.from(long) },
    { type: 'put', key: Buffer.from('käfe'), value: new Uint8Array(0) },
  ] as const
  expect(batch.take(operations, limits)).toBe(true)
  expect(batch).toMatchObject({ length: 3, hasPut: true })
  expect(batch.recordsBytes).toBe(recordBytes(5, 5) + recordBytes(256, 0) + recordBytes(5, 0))
  const kinds = { put: recordKind.put, delete: recordKind.tombstone }
  for (const [place, { type, key }] of operations.entries()) {
    const { kind, key: bytes, value: given } = batch.at(place)
    expect(kind).toBe(kinds[type])
    expect(Buffer.from(bytes).toString()).toBe(key.toString())
    expect(Buffer.from(given).toString()).toBe(place === 0 ? 'value' : '')
  }
  batch.clear()
  expect(batch).toMatchObject({ length: 0, recordsBytes: 0, hasPut: false })
})

test.each([
  ['none', []],
  ['too many', Array.from({ length: 6 }, () => ({ type: 'delete', key: 'a' }))],
  ['too large', Array.from({ length: 5 }, () => ({ type: 'delete', key: Buffer.alloc(201) }))],
  ['a long key', [{ type: 'delete', key: Buffer.alloc(301) }]],
  ['long text', [{ type: 'delete', key: long }]],
  ['half a character', [{ type: 'delete', key: '\ud800' }]],
  ['a long value', [{ type: 'put', key: 'a', value: Buffer.alloc(101) }]],
  ['a value of text', [{ type: 'put', key: 'a', value: 'text' }]],
  ['a condition', [{ type: 'put', key: 'a', value, ifAbsent: true }]],
  ['a misspelt condition', [{ type: 'delete', key: 'a', ifversion: 1 }]],
  ['a number as key', [{ type: 'delete', key: 1 }]],
  ['another type', [{ type: 'get', key: 'a' }]],
  ['no operation', [null]],
])('does not take in %s', (_, operations) => {
  const batch = new PlainBatch()
  const all = [...(operations as BatchOperation[])]
  expect(batch.take(all, limits)).toBe(false)
  expect(batch.length).toBe(0)
})

test('a store tells what is wrong with a batch, whichever way it went', async () => {
  await using store = await Store.open('/db', { fileSystem: new SimFileSystem(), ...limits })
  const put = { type: 'put', key: 'a', value } as const
  expect(
    await store.batch([put, { type: 'delete', key: 'b' }, { ...put, key: 'c' }]),
  ).toMatchObject({
    version: 1,
  })
  await expect(store.batch([put, { ...put, key: 1 as unknown as string }])).rejects.toThrow(
    TypeError,
  )
  await expect(store.batch([])).rejects.toThrow(RangeError)
  await expect(store.batch([put, { ...put, value: Buffer.alloc(101) }])).rejects.toMatchObject({
    code: 'KV_VALUE_TOO_LARGE',
  })
  await expect(store.batch(Array.from({ length: 6 }, () => put))).rejects.toMatchObject({
    code: 'KV_BATCH_TOO_LARGE',
  })
  const misspelt = { ...put, ifabsent: true }
  await expect(store.batch([misspelt])).rejects.toThrow("'ifabsent'")
  expect(store.appliedIndex).toBe(3)
  expect(store.stats().operations).toMatchObject({ batches: 1, refused: 5 })
})
