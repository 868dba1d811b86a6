/** Walks the records of a merge output. */
import { chainAfter } from './crc32.ts'
import type { ReadableFile } from './file-system/file-system.ts'
import { FileWindow } from './file-window.ts'
import { RecordView, recordHeaderBytes } from './record.ts'
import { decodeSegmentFooter, segmentFooterBytes, segmentHeaderBytes } from './segment.ts'

/** Where the walk ended, and whether the file is whole. */
export interface OutputScanEnd {
  readonly offset: number
  readonly isWhole: boolean
}

/** Visits every record of a merge output of `bytes` bytes, each after its CRC has been checked. */
export async function scanOutput(
  file: ReadableFile,
  bytes: number,
  visit: (record: RecordView, offset: number) => void,
): Promise<OutputScanEnd> {
  const window = new FileWindow(file, bytes)
  const footer = decodeSegmentFooter(
    Buffer.from(await window.view(Math.max(0, bytes - segmentFooterBytes), segmentFooterBytes)),
  )
  const end = bytes - segmentFooterBytes
  const record = new RecordView()
  let offset = segmentHeaderBytes
  let chain = 0
  while (offset < end) {
    const head = await window.view(offset, recordHeaderBytes)
    if (head.length < recordHeaderBytes) break
    const size = claimedRecordBytes(head)
    if (offset + size > end) break
    const recordBytes = await window.view(offset, size)
    if (!record.readChecked(recordBytes, 0, recordBytes.length)) break
    visit(record, offset)
    chain = chainAfter(chain, record.crc)
    offset += record.size
  }
  return { offset, isWhole: offset === end && footer?.chainAfter === chain }
}

function claimedRecordBytes(head: Buffer): number {
  const expiry = head[5] === 1 ? 8 : 0
  return recordHeaderBytes + expiry + head.readUInt16LE(6) + head.readUInt32LE(8)
}
