import { expect, test } from 'vitest'
import type { Found, Session, Value } from '../sessions/session.ts'
import { type Mix, operationOf, WrongAnswer } from './operations.ts'

/** A store in memory, whose answers a test can change. */
function memorySession() {
  const stored = new Map<string, Value>()
  const session: Session = {
    put: (key, value) => void stored.set(key, value),
    get: (key): Found | undefined => stored.get(key)?.bytes,
    delete: (key) => void stored.delete(key),
    batch: (entries) => {
      for (const { key, value } of entries) stored.set(key, value)
    },
    close: async () => undefined,
  }
  return { stored, session }
}

const mix: Mix = {
  shares: { get: 1 },
  keys: 'uniform',
  firstKey: 0,
  loaded: 100,
  insertFrom: 1_000,
  valueBytes: 10,
  seed: 1,
}

async function times(count: number, operation: () => unknown): Promise<void> {
  for (let at = 0; at < count; at++) await operation()
}

test('what one mix inserts another reads', async () => {
  const { stored, session } = memorySession()
  await times(100, operationOf(session, { ...mix, shares: { insert: 1 }, insertFrom: 0 }))
  expect(stored.size).toBe(100)
  await times(500, operationOf(session, mix))
  await times(500, operationOf(session, { ...mix, keys: 'zipfian' }))
  await times(50, operationOf(session, { ...mix, shares: { neighbours: 1 }, entries: 10 }))
})

test('a batch inserts new keys, and latest reads them behind the loaded ones', async () => {
  const { stored, session } = memorySession()
  await times(100, operationOf(session, { ...mix, shares: { insert: 1 }, insertFrom: 0 }))
  const shares = { batch: 0.5, get: 0.5 }
  await times(200, operationOf(session, { ...mix, shares, keys: 'latest', entries: 3 }))
  expect(stored.size).toBeGreaterThan(300)
})

test.each([
  ['a value is missing', (stored: Map<string, Value>) => stored.clear()],
  [
    'a value is cut',
    (stored: Map<string, Value>) => {
      for (const [key, { bytes, text }] of stored) {
        stored.set(key, { bytes: bytes.subarray(1), text })
      }
    },
  ],
  [
    'a value is another',
    (stored: Map<string, Value>) => {
      for (const [key, { text }] of stored) stored.set(key, { bytes: Buffer.alloc(10, '!'), text })
    },
  ],
])('a read throws when %s', async (_, harm) => {
  const { stored, session } = memorySession()
  await times(100, operationOf(session, { ...mix, shares: { insert: 1 }, insertFrom: 0 }))
  harm(stored)
  expect(operationOf(session, mix)).toThrow(WrongAnswer)
})

test('a missing key that is found is a wrong answer too', () => {
  const { session } = memorySession()
  const found: Session = { ...session, get: () => 'surprise' }
  expect(operationOf(session, { ...mix, keys: 'missing' })()).toBe(1)
  expect(operationOf(found, { ...mix, keys: 'missing' })).toThrow(WrongAnswer)
})

test('the shares of a mix are kept', async () => {
  const { session } = memorySession()
  const seen = { put: 0, get: 0 }
  const counting: Session = {
    ...session,
    put: () => void seen.put++,
    get: () => {
      seen.get++
      return undefined
    },
  }
  const shares = { put: 0.3, get: 0.7 }
  await times(10_000, operationOf(counting, { ...mix, keys: 'missing', shares }))
  expect(seen.put).toBeGreaterThan(2_800)
  expect(seen.put).toBeLessThan(3_200)
  expect(seen.put + seen.get).toBe(10_000)
})

test('a product without ranges says so', () => {
  const { session } = memorySession()
  const shares = { range: 1 }
  expect(operationOf(session, { ...mix, shares, entries: 10 })).toThrow('has no range')
})
