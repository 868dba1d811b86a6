import { join } from 'node:path'
import { Latencies } from '../driver/latencies.ts'
import { echoLatency, sequentialWrite, syncLatency } from '../raw-limits.ts'
import type { Measured, Scale } from './workload.ts'

const measureMs: Readonly<Record<Scale, number>> = { quick: 300, full: 800 }
const writeBytes: Readonly<Record<Scale, number>> = { quick: 64 * 2 ** 20, full: 256 * 2 ** 20 }

/** What the disk and the loopback give at best, in the same round as the stores. */
export async function measureRawLimits(
  directory: string,
  scale: Scale,
): Promise<readonly Measured[]> {
  const options = { durationMs: measureMs[scale] }
  const growing = new Latencies()
  await syncLatency(join(directory, 'growing'), 'growing', options, (ms) => growing.record(ms))
  const prepared = new Latencies()
  await syncLatency(join(directory, 'prepared'), 'prepared', options, (ms) => prepared.record(ms))
  const echo = new Latencies()
  await echoLatency(options, (ms) => echo.record(ms))
  const write = await sequentialWrite(join(directory, 'sequential'), writeBytes[scale])
  return [
    { case: 'fdatasync, growing file', values: growing.summary(), histogram: growing.encoded() },
    {
      case: 'fdatasync, prepared space',
      values: prepared.summary(),
      histogram: prepared.encoded(),
    },
    { case: 'loopback echo', values: echo.summary(), histogram: echo.encoded() },
    { case: 'sequential write', values: { bandwidth: write } },
  ]
}
