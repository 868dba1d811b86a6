import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { WorkloadRun } from './run-file.ts'

/** Throws when the text is no histogram. */
export function decodeHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text)
}

/** The latencies of all rounds of a subject in a case, in µs; undefined when none were kept. */
export function mergedHistogram(
  { samples }: WorkloadRun,
  subject: string,
  caseName: string,
): Histogram | undefined {
  let merged: Histogram | undefined
  for (const sample of samples) {
    if (sample.subject !== subject || sample.case !== caseName) continue
    if (sample.histogram === undefined) continue
    const histogram = decodeHistogram(sample.histogram)
    if (merged === undefined) merged = histogram
    else merged.add(histogram)
  }
  return merged === undefined || merged.totalCount === 0 ? undefined : merged
}
