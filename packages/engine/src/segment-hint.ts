import type { FileSystem } from './file-system/file-system.ts'
import type { LogPosition } from './frame.ts'
import { HintWriter } from './hint-writer.ts'
import { scanLog } from './log-scan.ts'
import type { NewestRecords } from './newest-records.ts'

/** A sealed log segment that wants a hint. Can be sent to a worker thread. */
export interface SegmentWithoutHint {
  /** The folder it lies in. */
  readonly folder: string
  readonly fileName: string
  readonly id: number
  /** Length of the file in bytes. */
  readonly bytes: number
  readonly start: LogPosition
  readonly highestIndex: number
  readonly footerCrc: number
}

/** Reads a sealed log segment and writes its hint, durable once this resolves. What `newest` holds is forgotten first. */
export async function writeSegmentHint(
  fileSystem: FileSystem,
  segment: SegmentWithoutHint,
  newest: NewestRecords,
  nextTurn: () => Promise<void>,
): Promise<void> {
  const { folder, fileName, id, bytes, start, highestIndex, footerCrc } = segment
  newest.clear()
  const file = await fileSystem.openForReading(`${folder}/${fileName}`)
  try {
    const end = await scanLog(file, bytes, start, {
      record: (record, offset) => newest.add(record, offset),
    })
    if (end.position.index !== highestIndex + 1) {
      throw new Error(`${fileName} is damaged at byte ${end.offset}`)
    }
  } finally {
    await file.close()
  }
  const writer = await HintWriter.create(fileSystem, folder, id)
  try {
    await newest.visit(nextTurn, (entry) => writer.add(entry))
  } catch (error) {
    await writer.abandon().catch(() => undefined)
    throw error
  }
  await writer.finish(footerCrc)
}
