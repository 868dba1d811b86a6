import { expect, test } from 'vitest'
import { careOptions, closedStore, damage, putLetters } from '../../test/care-store.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { type InspectOptions, inspect } from './inspect-store.ts'
import { formatInspection, type Inspection } from './inspection.ts'

async function inspected(
  disk: SimFileSystem,
  path: string,
  options: InspectOptions = {},
): Promise<Inspection[]> {
  const items: Inspection[] = []
  for await (const item of inspect(path, { ...careOptions(disk), ...options })) items.push(item)
  expect(disk.openFiles).toBe(0)
  return items
}

const lines = (items: readonly Inspection[]) => items.map(formatInspection)

test('a segment, line by line', async () => {
  const disk = await closedStore(async (store) => {
    await store.batch([
      { type: 'put', key: 'a\n\u001b[2J \\', value: 'secret' },
      { type: 'put', key: 'b', value: 'x'.repeat(200) },
    ])
    await store.delete('b')
  })
  const path = '/db/log/0000000000000001.data'
  const chain = disk.files().get(path)!
  const items = await inspected(disk, path)
  expect(lines(items)).toEqual([
    '         0 log segment firstIndex=1 chainBefore=00000000',
    '        64 frame kind=data records=2 firstIndex=1 term=0 bytes=311 chainBefore=00000000 at=2023-11-14T22:13:20.000Z',
    '       104 record kind=put key=a\\x0a\\x1b[2J\\x20\\\\ version=1 at=2023-11-14T22:13:20.000Z bytes=42 valueBytes=6',
    '       146 record kind=put key=b version=2 at=2023-11-14T22:13:20.000Z bytes=229 valueBytes=200',
    `       375 footer lowestIndex=1 highestIndex=2 records=2 bytes=311 chainAfter=${Buffer.from(
      chain,
    )
      .readUInt32LE(375 + 12)
      .toString(16)
      .padStart(8, '0')}`,
  ])
  expect(JSON.stringify(items)).not.toContain('secret')
})

test('values are shown when asked for, and no more than 4 KiB of each', async () => {
  const disk = await closedStore((store) => store.put('a', 'y'.repeat(100_000)))
  const options = { values: true }
  const [record] = (await inspected(disk, '/db/log/0000000000000001.data', options)).filter(
    ({ what }) => what === 'record',
  )
  expect(record!.fields['value']).toBe(`${'y'.repeat(4_096)}…`)
})

test('damage stands where it is, and what is behind it is printed', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abcd'), { segmentBytes: 700 })
  damage(disk, '/db/log/0000000000000001.data', (bytes) => void (bytes[64 + 269 + 100]! ^= 1))
  const items = await inspected(disk, '/db/log/0000000000000001.data')
  expect(items.filter(({ what }) => what === 'record').map(({ fields }) => fields['key'])).toEqual([
    'a',
    'c',
  ])
  expect(lines(items.filter(({ isDamage }) => isDamage))).toEqual([
    '       373 !! a damaged record to=602 firstVersion=2 nextVersion=3',
  ])
})

test('a directory, each of its files', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'ab')
    await store.merge()
    await putLetters(store, 'c')
  })
  disk.poke('/db/LOCK.1', Buffer.alloc(0))
  disk.poke('/db/other', Buffer.from('x'))
  const items = await inspected(disk, '/db')
  const seen = new Map<string, Set<string>>()
  for (const { path, what } of items) seen.set(path, (seen.get(path) ?? new Set()).add(what))
  expect([...seen].map(([path, whats]) => [path, ...whats])).toEqual([
    ['NODE', 'node'],
    ['MANIFEST', 'manifest', 'merge output'],
    ['marks', 'mark', 'mark (the last)'],
    ['keydir.image', 'keydir image', 'part', 'file'],
    ['LOCK.1', 'lock: a unix socket that holds no data'],
    ['other', 'a file that is none of the store'],
    ['log/0000000000000003.data', 'log segment', 'frame', 'record', 'footer'],
    ['log/0000000000000003.hint', 'hint', 'entry put'],
    ['log/0000000000000004.data', 'log segment'],
    ['data/0000000000000001.data', 'merge output', 'record', 'footer'],
    ['data/0000000000000001.hint', 'hint', 'entry put'],
    ['data/0000000000000002.data', 'merge output', 'record', 'footer'],
    ['data/0000000000000002.hint', 'hint', 'entry put'],
  ])
  expect(items.some(({ isDamage }) => isDamage)).toBe(false)
})

test('every file is printed whatever is wrong with it', async () => {
  const whole = await closedStore(async (store) => {
    await putLetters(store, 'ab')
    await store.merge()
    await putLetters(store, 'c')
  })
  for (const [path, bytes] of whole.files()) {
    for (const damaged of [new Uint8Array(0), bytes.slice(0, 30), new Uint8Array(200).fill(0xff)]) {
      const disk = whole.clone()
      disk.poke(path, damaged)
      const items = await inspected(disk, path)
      expect(
        items.some(({ isDamage }) => isDamage),
        `${path} of ${damaged.length}`,
      ).toBe(true)
    }
  }
})

test('a torn tail that was cut is printed as the log it was', async () => {
  const disk = await closedStore((store) => putLetters(store, 'ab'))
  const frames = disk.files().get('/db/log/0000000000000002.data')!.subarray(64, -64)
  disk.poke('/db/lost/0000000000000003-64-1.cut', frames)
  const items = await inspected(disk, '/db/lost/0000000000000003-64-1.cut')
  expect(items.map(({ what }) => what)).toEqual(['what was cut off a log', 'frame', 'record'])
})

test('what is not there is refused', async () => {
  await expect(inspected(new SimFileSystem(), '/none')).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
  })
})

test('who has seen enough may leave', async () => {
  const disk = await closedStore((store) =>
    store.batch(
      Array.from({ length: 5_000 }, (_none, place) => ({
        type: 'put' as const,
        key: `${place}`,
        value: '',
      })),
    ),
  )
  let seen = 0
  for await (const { path } of inspect('/db', careOptions(disk))) {
    if (path !== '' && ++seen === 1_500) break
  }
  expect([seen, disk.openFiles]).toEqual([1_500, 0])
})
