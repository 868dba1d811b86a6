import { expect, test } from 'vitest'
import { type Found, RangeTally, type Session, type Value } from '../sessions/session.ts'
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

test('a range must begin with its key, and be whole', async () => {
  const { stored, session } = memorySession()
  await times(100, operationOf(session, { ...mix, shares: { insert: 1 }, insertFrom: 0 }))
  const range = (from: string, limit: number, reverse: boolean): RangeTally => {
    const keys = [...stored.keys()].sort()
    if (reverse) keys.reverse()
    const tally = new RangeTally()
    for (const key of keys.slice(keys.indexOf(from)).slice(0, limit)) tally.add(key, 10)
    return tally
  }
  for (const reverse of [false, true]) {
    const ranges = { ...mix, shares: { range: 0.5, scan: 0.5 }, entries: 20, reverse }
    await times(300, operationOf({ ...session, range }, ranges))
    const liars: ((tally: RangeTally) => void)[] = [
      (tally) => (tally.count = 0),
      (tally) => tally.count--,
      (tally) => tally.valueBytes--,
      (tally) => (tally.first = 'user'),
      (tally) => (tally.last = reverse ? 'v' : 'a'),
    ]
    for (const lie of liars) {
      const lying = (from: string, limit: number, reverse: boolean): RangeTally => {
        const tally = range(from, limit, reverse)
        lie(tally)
        return tally
      }
      expect(operationOf({ ...session, range: lying }, ranges)).toThrow(WrongAnswer)
    }
  }
})

test('with latest, what was acknowledged must be found', async () => {
  const { session } = memorySession()
  const losing: Session = { ...session, put: () => undefined, get: () => undefined }
  const latest = { ...mix, loaded: 0, shares: { insert: 0.5, get: 0.5 }, keys: 'latest' } as const
  await expect(times(100, operationOf(losing, latest))).rejects.toThrow(WrongAnswer)
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
