import { expect, test } from 'vitest'
import { damages, firstDifference } from '../test/damage.ts'
import { chainAfter } from './crc32.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { type OutputScanEnd, scanOutput } from './output-scan.ts'
import { encodeRecord, recordBytes, recordKind } from './record.ts'
import {
  encodeSegmentFooter,
  encodeSegmentHeader,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from './segment.ts'

const records = [recordOf('a', '1', 7), recordOf('b', '', 3), recordOf('c', 'x'.repeat(300), 9)]
const whole = Buffer.concat([
  encodeSegmentHeader({ kind: segmentKind.merge, chainBefore: 0, firstIndex: 0 }),
  ...records,
  encodeSegmentFooter({
    kind: segmentKind.merge,
    chainAfter: records.reduce((chain, record) => chainAfter(chain, record.readUInt32LE(0)), 0),
    lowestIndex: 3,
    highestIndex: 9,
    records: 3,
    bytes: Buffer.concat(records).length,
  }),
])

test('all records', async () => {
  const { end, seen } = await scan(whole)
  expect(seen).toEqual(['7 a=1', '3 b=', `9 c=${'x'.repeat(300)}`])
  expect(end).toEqual({ offset: whole.length - segmentFooterBytes, isWhole: true })
})

test('a record that is damaged, missing or twice there makes it less than whole', async () => {
  const { seen } = await scan(whole)
  for (const [, damage] of damages) {
    for (const bytes of damage(whole)) {
      const from = firstDifference(whole, bytes)
      if (from < segmentHeaderBytes || from === whole.length) continue
      const damaged = await scan(bytes)
      // The rest of the footer is MANIFEST's to check.
      expect(damaged.end.isWhole && from < whole.length - segmentFooterBytes).toBe(false)
      expect(seen.slice(0, damaged.seen.length)).toEqual(damaged.seen)
    }
  }
})

test('good records in another order are not whole', async () => {
  const header = whole.subarray(0, segmentHeaderBytes)
  const footer = whole.subarray(-segmentFooterBytes)
  const swapped = Buffer.concat([header, records[1]!, records[0]!, records[2]!, footer])
  expect((await scan(swapped)).end).toEqual({ offset: swapped.length - 64, isWhole: false })
})

function recordOf(key: string, value: string, index: number): Buffer {
  const bytes = Buffer.alloc(recordBytes(key.length, value.length))
  encodeRecord(bytes, 0, recordKind.put, index, 1, Buffer.from(key), Buffer.from(value))
  return bytes
}

async function scan(bytes: Uint8Array): Promise<{ end: OutputScanEnd; seen: string[] }> {
  const disk = new SimFileSystem()
  disk.poke('/f', bytes)
  const seen: string[] = []
  const end = await scanOutput(
    await disk.openForReading('/f'),
    bytes.length,
    ({ index, key, value }) => seen.push(`${index} ${key.toString()}=${value.toString()}`),
  )
  return { end, seen }
}
