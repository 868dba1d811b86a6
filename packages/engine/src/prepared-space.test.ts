import { expect, test } from 'vitest'
import { careOptions, contentOf, damage } from '../test/care-store.ts'
import { TestClock } from '../test/test-clock.ts'
import { inspect } from './care/inspect-store.ts'
import { formatInspection } from './care/inspection.ts'
import { repairStore } from './care/repair-store.ts'
import { verifyStore } from './care/verify-store.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { frameHeaderBytes } from './frame.ts'
import type { StoreOptions } from './options.ts'
import { bytesBeforePrepared, preparedBytesMax } from './prepared-space.ts'
import { segmentFooterBytes, segmentHeaderBytes } from './segment.ts'
import { Store } from './store.ts'

const active = '/db/log/0000000000000001.data'
/** Of a put of one letter to a key of one letter. */
const putBytes = frameHeaderBytes + 30

function open(disk: SimFileSystem, options: StoreOptions = {}): Promise<Store> {
  return Store.open('/db', { fileSystem: disk, clock: new TestClock(), ...options })
}

const lengthOf = (disk: SimFileSystem, path = active) => disk.files().get(path)?.length

/** What a killed process leaves that has written `count` letters. */
async function killedAfter(count: number): Promise<SimFileSystem> {
  const disk = new SimFileSystem()
  await using store = await open(disk)
  for (let place = 0; place < count; place++) await store.put('abcdef'[place]!, '1')
  return disk.clone()
}

test('small writes that are synced go into zeros, and the file grows only where these end', async () => {
  const disk = new SimFileSystem()
  await using store = await open(disk)
  const lengths = new Set<number | undefined>()
  const puts = Math.ceil((2 * preparedBytesMax) / putBytes) + 10
  for (let put = 0; put < puts; put++) {
    await store.put('a', '1')
    lengths.add(lengthOf(disk))
  }
  const first = segmentHeaderBytes + putBytes + preparedBytesMax
  const slice = Math.ceil((preparedBytesMax + 1) / putBytes) * putBytes
  expect([...lengths]).toEqual([first, first + slice, first + 2 * slice])
  expect(store.stats().files.bytes).toBe(segmentHeaderBytes + puts * putBytes)
})

test('a segment is not prepared beyond the length at which it is full, and ends where its frames end', async () => {
  const disk = new SimFileSystem()
  const store = await open(disk, { segmentBytes: 256, autoMerge: false })
  await store.put('a', '1')
  expect(lengthOf(disk)).toBe(256)
  for (const key of 'bcd') await store.put(key, '1')
  expect(lengthOf(disk)).toBe(segmentHeaderBytes + 3 * putBytes + segmentFooterBytes)
  const next = '/db/log/0000000000000004.data'
  expect(lengthOf(disk, next)).toBe(256)
  await store.close()
  expect(lengthOf(disk, next)).toBe(segmentHeaderBytes + putBytes)
})

test.each(['interval', 'never'] as const)(
  'with durability %s nothing is prepared',
  async (durability) => {
    const disk = new SimFileSystem()
    await using store = await open(disk, { durability })
    await store.put('a', '1')
    await store.put('a', '1', { durability: 'synced' })
    expect(lengthOf(disk)).toBe(segmentHeaderBytes + 2 * putBytes)
  },
)

test('behind large writes nothing is prepared', async () => {
  const disk = new SimFileSystem()
  await using store = await open(disk)
  await store.put('a', Buffer.alloc(40_000))
  expect(lengthOf(disk)).toBe(segmentHeaderBytes + putBytes + 39_999)
})

test('without room for it the log grows by its frames alone', async () => {
  const disk = new SimFileSystem()
  await using store = await open(disk)
  // The first is that of the frame.
  let writes = 0
  disk.failAt({
    at: ({ kind }) => kind === 'write' && ++writes === 2,
    code: 'ENOSPC',
    reached: 'half',
  })
  expect(await store.put('a', '1')).toMatchObject({ version: 1, durability: 'synced' })
  await store.put('b', '1')
  const content = await contentOf(disk.clone(), '/db')
  expect([...content.keys()]).toEqual(['a', 'b'])
})

test('what is prepared is neither lost nor torn for whoever finds it after a kill', async () => {
  const disk = await killedAfter(3)
  expect(lengthOf(disk)).toBe(segmentHeaderBytes + putBytes + preparedBytesMax)
  expect(await verifyStore('/db', careOptions(disk))).toMatchObject({ records: 3, problems: [] })
  const lines: string[] = []
  for await (const item of inspect(active, careOptions(disk))) lines.push(formatInspection(item))
  const end = segmentHeaderBytes + 3 * putBytes
  expect(lines.at(-1)).toBe(
    `${String(end).padStart(10)} zeros: prepared space, or damage to=${lengthOf(disk)}`,
  )
  const repaired = await repairStore('/db', '/new', careOptions(disk))
  expect(repaired).toMatchObject({ keys: 3, version: 3, lost: [] })
  for (const readOnly of [true, false]) {
    const warnings: unknown[] = []
    const warn = (...told: unknown[]) => warnings.push(told)
    const logger = { warn, error: warn, info: () => undefined }
    await using store = await open(disk, { readOnly, logger })
    expect(store.stats()).toMatchObject({ keys: 3, recovery: { cutBytes: 0 } })
    expect(warnings).toEqual([])
    expect(lengthOf(disk)).toBe(readOnly ? segmentHeaderBytes + putBytes + preparedBytesMax : end)
  }
  expect([...disk.files().keys()].filter((path) => path.includes('lost'))).toEqual([])
})

test('of a frame that is torn in prepared space the frame alone is cut, and kept', async () => {
  const disk = await killedAfter(2)
  const end = segmentHeaderBytes + 2 * putBytes
  damage(disk, active, (bytes) => {
    bytes.set(Buffer.from('half a frame'), end)
  })
  expect((await verifyStore('/db', careOptions(disk))).problems).toEqual([
    expect.objectContaining({
      severity: 'torn tail',
      offset: end,
      what: expect.stringContaining('a torn tail of 12 bytes'),
    }),
  ])
  await using store = await open(disk)
  expect(store.stats()).toMatchObject({ keys: 2, recovery: { cutBytes: 12 } })
  const [path] = [...disk.files().keys()].filter((name) => name.startsWith('/db/lost/'))
  expect(Buffer.from(disk.files().get(path!)!).toString()).toBe('half a frame')
  await store.put('c', '1')
  expect(lengthOf(disk)).toBe(end + putBytes + preparedBytesMax)
})

test('zeros that are more than what is prepared are a torn tail', () => {
  expect(bytesBeforePrepared(Buffer.alloc(preparedBytesMax))).toBe(0)
  expect(bytesBeforePrepared(Buffer.alloc(preparedBytesMax + 1))).toBe(1)
  expect(bytesBeforePrepared(Buffer.from([0, 1, 0, 0]))).toBe(2)
  expect(bytesBeforePrepared(Buffer.alloc(0))).toBe(0)
})
