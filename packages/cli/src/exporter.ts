import { formatEntry } from './json-lines.ts'
import type { Entry } from './kv.ts'
import { LineWriter } from './line-writer.ts'
import type { Sink } from './output.ts'

export interface ExportReport {
  readonly records: number
  /** Of keys and values. */
  readonly bytes: number
}

/** Entries between two calls of `onProgress`. */
const progressRecords = 1_000

/** Writes entries as JSON Lines, as fast as `sink` takes them. Versions are left out: they mean nothing elsewhere. */
export async function exportEntries(
  entries: AsyncIterable<Entry>,
  sink: Sink,
  onProgress: (done: ExportReport) => void = () => undefined,
): Promise<ExportReport> {
  const lines = new LineWriter(sink)
  let records = 0
  let bytes = 0
  for await (const { key, value } of entries) {
    await lines.write(formatEntry({ key, value }))
    records++
    bytes += key.length + (value?.length ?? 0)
    if (records % progressRecords === 0) onProgress({ records, bytes })
  }
  await lines.flush()
  return { records, bytes }
}
