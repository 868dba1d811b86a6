import { expect, test } from 'vitest'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { frameHeaderBytes } from '../frame.ts'
import { recordBytes } from '../record.ts'
import {
  encodeSegmentFooter,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import { Store } from '../store.ts'

test('a value that ends in what looks like a footer is no footer', async () => {
  const disk = new SimFileSystem()
  const options = { fileSystem: disk, segmentBytes: 256, autoMerge: false }
  const valueBytes = 300
  const frameBytes = frameHeaderBytes + recordBytes(1, valueBytes)
  const forged = encodeSegmentFooter({
    kind: segmentKind.log,
    chainAfter: 7,
    lowestIndex: 1,
    highestIndex: 1,
    records: 1,
    bytes: frameBytes - segmentFooterBytes,
  })
  const value = Buffer.concat([Buffer.alloc(valueBytes - forged.length), forged])
  {
    await using store = await Store.open('/db', options)
    await store.put('a', value)
    await store.put('b', '2')
  }
  const path = '/db/log/0000000000000001.data'
  // As a crash between the roll and the seal leaves it.
  const unsealed = disk
    .files()
    .get(path)!
    .subarray(0, segmentHeaderBytes + frameBytes)
  expect(Buffer.from(unsealed.subarray(-forged.length))).toEqual(forged)
  disk.poke(path, unsealed)
  await using store = await Store.open('/db', options)
  expect((await store.get('a'))?.value).toEqual(value)
  expect((await store.get('b'))?.value.toString()).toBe('2')
})
