import { systemErrorCode } from '../errors.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import { CareReader } from './care-reader.ts'
import type { Findings, Severity } from './findings.ts'
import type { Pace } from './pace.ts'

/** What a check of a store works on. */
export interface CareContext {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly pace: Pace
  readonly findings: Findings
}

/**
 * Runs `use` with the file `path` open, and counts it as checked. A file that is not there or does not open is a
 * problem of `severity`, and `use` is not run.
 */
export async function withCareFile<T>(
  context: CareContext,
  path: string,
  severity: Severity,
  use: (reader: CareReader, handle: ReadableFile) => Promise<T>,
): Promise<T | undefined> {
  const { fileSystem, directory, findings } = context
  const handle = await openOrCode(fileSystem, `${directory}/${path}`)
  if (typeof handle === 'string') {
    const what = handle === 'ENOENT' ? 'missing' : `it cannot be opened (${handle})`
    findings.add(severity, path, 0, what)
    return undefined
  }
  try {
    return await readWithCare(context, path, severity, handle, await handle.size(), use)
  } finally {
    await handle.close()
  }
}

/** As {@link withCareFile}, of `bytes` bytes of a file that is open. */
export async function readWithCare<T>(
  { pace, findings }: CareContext,
  path: string,
  severity: Severity,
  handle: ReadableFile,
  bytes: number,
  use: (reader: CareReader, handle: ReadableFile) => Promise<T>,
): Promise<T> {
  pace.begin(path)
  const reader = new CareReader(handle, bytes, pace)
  findings.filesChecked++
  findings.bytesChecked += bytes
  const result = await use(reader, handle)
  const { unreadable } = reader
  if (unreadable !== undefined) {
    findings.add(severity, path, unreadable.offset, `it cannot be read (${unreadable.code})`)
  }
  return result
}

/** The file, or the code of the error that is about this file alone. */
export async function openOrCode(
  fileSystem: FileSystem,
  path: string,
): Promise<ReadableFile | string> {
  try {
    return await fileSystem.openForReading(path)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined || code === 'EMFILE' || code === 'ENFILE') throw error
    return code
  }
}
