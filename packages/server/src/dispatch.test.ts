import { rm } from 'node:fs/promises'
import { Store } from '@kv/engine'
import type { PlainMap, Request } from '@kv/protocol'
import { serverLimitsDefault } from '@kv/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../test/test-node.ts'
import { dispatch } from './dispatch.ts'
import type { Services } from './services.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

let directory: string
let store: Store
let services: Services

beforeEach(async () => {
  directory = await temporaryDirectory()
  store = await Store.open(`${directory}/data`, { durability: 'never' })
  services = {
    store,
    limits: serverLimitsDefault,
    serverVersion: '1.2.3',
    stats: (): PlainMap => ({ some: 1 }),
  }
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

/** The answer, however it comes. */
async function ask(request: Request<Buffer>): Promise<unknown> {
  return dispatch(request, services)
}

async function fill(...keys: string[]): Promise<void> {
  for (const key of keys) await store.put(key, `value of ${key}`)
}

describe('writes', () => {
  test('put', async () => {
    expect(await ask({ kind: 'put', key: bytes('a'), value: bytes('1') })).toEqual({
      kind: 'put',
      version: 1,
      term: 0,
      durability: 'written',
    })
    expect((await store.get('a'))?.value.toString()).toBe('1')
  })

  test.each(['written', 'synced', 'majority'] as const)(
    'a wish for %s is reached and told',
    async (durability) => {
      const options = { durability }
      const key = bytes('a')
      const value = bytes('1')
      expect(await ask({ kind: 'put', key, value, options })).toMatchObject({ durability })
      const operations = [{ type: 'put', key, value }] as const
      expect(await ask({ kind: 'batch', operations, options })).toMatchObject({ durability })
      expect(await ask({ kind: 'delete', key, options })).toMatchObject({ durability })
    },
  )

  test('delete of a key, and of none', async () => {
    await fill('a')
    expect(await ask({ kind: 'delete', key: bytes('a') })).toMatchObject({
      existed: true,
      version: 2,
    })
    expect(await ask({ kind: 'delete', key: bytes('a') })).toMatchObject({
      existed: false,
      version: undefined,
    })
  })

  test('batch', async () => {
    await fill('a')
    const operations = [
      { type: 'put', key: bytes('b'), value: bytes('2') },
      { type: 'delete', key: bytes('a') },
    ] as const
    expect(await ask({ kind: 'batch', operations })).toEqual({
      kind: 'batch',
      version: 2,
      term: 0,
      durability: 'written',
    })
    expect(store.stats().keys).toBe(1)
  })

  test('an empty batch is refused', async () => {
    await expect(ask({ kind: 'batch', operations: [] })).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
    })
  })
})

describe('reads', () => {
  test('get of a key, and of none', async () => {
    await fill('a')
    expect(await ask({ kind: 'get', key: bytes('a') })).toEqual({
      kind: 'get',
      found: { value: bytes('value of a'), version: 1 },
    })
    expect(await ask({ kind: 'get', key: bytes('b') })).toEqual({ kind: 'get', found: undefined })
  })

  test('getMany answers in the order asked, over several slices', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `key ${index}`)
    await fill(...names)
    const keys = [...names, 'none', 'key 0'].map(bytes)
    const { found } = (await ask({ kind: 'getMany', keys })) as {
      found: ({ value: Buffer } | undefined)[]
    }
    expect(found.map((item) => item?.value.toString())).toEqual([
      ...names.map((name) => `value of ${name}`),
      undefined,
      'value of key 0',
    ])
  })

  test('getMany of more than can be sent is refused', async () => {
    await fill('a', 'b')
    services = { ...services, limits: { ...serverLimitsDefault, batchBytesMax: 15 } }
    await expect(ask({ kind: 'getMany', keys: [bytes('a'), bytes('b')] })).rejects.toMatchObject({
      code: 'KV_BATCH_TOO_LARGE',
    })
    expect(await ask({ kind: 'getMany', keys: [bytes('a')] })).toMatchObject({ kind: 'getMany' })
  })

  test('ping tells the index of the newest record', async () => {
    expect(await ask({ kind: 'ping' })).toEqual({ kind: 'ping', index: 0 })
    await fill('a', 'b')
    expect(await ask({ kind: 'ping' })).toEqual({ kind: 'ping', index: 2 })
  })

  test('stats and merge', async () => {
    expect(await ask({ kind: 'stats' })).toEqual({ kind: 'stats', stats: { some: 1 } })
    expect(await ask({ kind: 'merge', action: 'now' })).toMatchObject({
      kind: 'merge',
      report: { inputFiles: 0 },
    })
  })

  test('merges are paused, refused meanwhile, and resumed', async () => {
    const paused = await ask({ kind: 'merge', action: 'pause' })
    expect(paused).toMatchObject({
      kind: 'merge',
      report: { paused: true, running: false, progress: null, deadRatio: 0, deadRatioMin: 0.3 },
    })
    await expect(ask({ kind: 'merge', action: 'now' })).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
    })
    expect(await ask({ kind: 'merge', action: 'resume' })).toMatchObject({
      report: { paused: false },
    })
    expect(await ask({ kind: 'merge', action: 'now' })).toMatchObject({ kind: 'merge' })
  })
})

describe('range', () => {
  const all = { kind: 'range', bounds: {}, reverse: false, keysOnly: false } as const

  test('a page, and where to go on', async () => {
    await fill('a', 'b', 'c')
    expect(await ask({ ...all, limit: 2 })).toEqual({
      kind: 'range',
      entries: [
        { key: bytes('a'), value: bytes('value of a'), version: 1 },
        { key: bytes('b'), value: bytes('value of b'), version: 2 },
      ],
      more: true,
      resumeKey: bytes('b'),
    })
    expect(await ask({ ...all, limit: 2, bounds: { gt: bytes('b') } })).toMatchObject({
      entries: [{ key: bytes('c') }],
      more: false,
      resumeKey: undefined,
    })
  })

  test('reversed, keys only, with a prefix', async () => {
    await fill('a', 'b1', 'b2', 'c')
    const request = { ...all, reverse: true, keysOnly: true, bounds: { prefix: bytes('b') } }
    expect(await ask(request)).toMatchObject({
      entries: [
        { key: bytes('b2'), version: 3 },
        { key: bytes('b1'), version: 2 },
      ],
    })
    expect(JSON.stringify(await ask(request))).not.toContain('value')
  })

  test('a page holds 1,000 keys and 1 MiB at most, whatever is asked for', async () => {
    const names = Array.from({ length: 1_001 }, (_, index) => String(index).padStart(4, '0'))
    await store.batch(names.map((key) => ({ type: 'put', key, value: '' })))
    const page = (await ask({ ...all, limit: 5_000 })) as { entries: unknown[]; more: boolean }
    expect(page.entries).toHaveLength(1_000)
    expect(page.more).toBe(true)
    for (const key of ['x1', 'x2', 'x3']) await store.put(key, Buffer.alloc(400_000))
    const large = { ...all, bounds: { prefix: bytes('x') } }
    expect(await ask({ ...large, bytesMax: 10_000_000 })).toMatchObject({
      entries: [{ key: bytes('x1') }, { key: bytes('x2') }],
      more: true,
    })
    expect(await ask({ ...large, bytesMax: 1 })).toMatchObject({
      entries: [{ key: bytes('x1') }],
      more: true,
    })
  })

  test.each([
    [{ bounds: { gte: bytes('a'), gt: bytes('a') } }, 'gte'],
    [{ bounds: { lte: bytes('a'), lt: bytes('a') } }, 'lte'],
    [{ limit: 0 }, 'limit'],
  ])('%j is refused', async (fields, name) => {
    await expect(ask({ ...all, ...fields })).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: expect.stringContaining(name),
    })
  })
})

describe('an option that is not supported is refused by name, and nothing is written', () => {
  const key = bytes('a')
  const value = bytes('1')
  const sessions = [{ session: 1 }, { seq: 1 }, { ackLow: 1 }]
  const reads = [
    { consistency: 'any' },
    { consistency: 'lease' },
    { consistency: 'bounded' },
    { maxStalenessMs: 1 },
    { minIndex: 0 },
  ] as const

  test.each<[string, object, Request<Buffer>]>([
    ...sessions.map((options): [string, object, Request<Buffer>] => [
      'put',
      options,
      { kind: 'put', key, value, options },
    ]),
    ...sessions.map((options): [string, object, Request<Buffer>] => [
      'delete',
      options,
      { kind: 'delete', key, options },
    ]),
    ...sessions.map((options): [string, object, Request<Buffer>] => [
      'batch',
      options,
      { kind: 'batch', operations: [{ type: 'put', key, value }], options },
    ]),
    ...reads.flatMap((options): [string, object, Request<Buffer>][] => [
      ['get', options, { kind: 'get', key, options }],
      ['getMany', options, { kind: 'getMany', keys: [key], options }],
      ['range', options, { kind: 'range', bounds: {}, reverse: false, keysOnly: false, options }],
    ]),
  ])('%s %j', async (_, options, request) => {
    await fill('a')
    await expect(ask(request)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: expect.stringContaining(Object.keys(options)[0]!),
    })
    expect(store.appliedIndex).toBe(1)
    expect(store.stats().commits.pendingBytes).toBe(0)
  })

  test('the ones that ask for nothing are honoured', async () => {
    const options = { ifAbsent: false }
    expect(await ask({ kind: 'put', key, value, options })).toMatchObject({ version: 1 })
    const linearizable = { consistency: 'linearizable' } as const
    expect(await ask({ kind: 'get', key, options: linearizable })).toMatchObject({
      found: { version: 1 },
    })
  })
})

describe('conditions and times to live reach the store', () => {
  const key = bytes('a')
  const value = bytes('1')
  const mismatch = { code: 'KV_VERSION_MISMATCH', details: { version: 1 } }

  test('of a put and of a delete', async () => {
    await fill('a')
    const once = { kind: 'put', key, value, options: { ifAbsent: true } } as const
    await expect(ask(once)).rejects.toMatchObject(mismatch)
    const stale = { kind: 'put', key, value, options: { ifVersion: 9 } } as const
    await expect(ask(stale)).rejects.toMatchObject(mismatch)
    const right = { kind: 'put', key, value, options: { ifVersion: 1, ttlMs: 60_000 } } as const
    expect(await ask(right)).toMatchObject({ version: 2 })
    expect(await ask({ kind: 'get', key })).toMatchObject({
      found: { version: 2, expiresAt: expect.any(Number) },
    })
    const gone = { kind: 'delete', key, options: { ifVersion: 1 } } as const
    await expect(ask(gone)).rejects.toMatchObject({ code: 'KV_VERSION_MISMATCH' })
    expect(await ask({ ...gone, options: { ifVersion: 2 } })).toMatchObject({ existed: true })
  })

  test('of a batch, as a whole', async () => {
    await fill('a')
    const operations = [
      { type: 'put', key: bytes('b'), value, conditions: { ifAbsent: true } },
      { type: 'delete', key, conditions: { ifVersion: 9 } },
    ] as const
    await expect(ask({ kind: 'batch', operations })).rejects.toMatchObject(mismatch)
    expect(store.appliedIndex).toBe(1)
  })

  test('one that makes no sense is refused', async () => {
    const options = { ifVersion: 1, ifAbsent: true }
    await expect(ask({ kind: 'put', key, value, options })).rejects.toThrow(TypeError)
    expect(store.appliedIndex).toBe(0)
  })
})

test('a second hello is refused', async () => {
  await expect(ask({ kind: 'hello', versions: [1], clientName: 'x' })).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
  })
})
