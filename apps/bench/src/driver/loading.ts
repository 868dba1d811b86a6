import type { Session } from '../sessions/session.ts'
import { keyOf } from './keys.ts'
import type { Load, WorkResult } from './steps.ts'
import { TurnMonitor } from './turn-monitor.ts'
import { ValuePool } from './value-pool.ts'

/** Brings in many keys by the quickest way of the session, some chunks at a time. */
export async function load(session: Session, options: Load): Promise<WorkResult> {
  const { from, count, valueBytes, chunk, inFlight } = options
  const values = new ValuePool(valueBytes)
  const turns = new TurnMonitor()
  const startedAt = performance.now()
  let next = from
  const end = from + count

  const lane = async (): Promise<void> => {
    while (next < end) {
      const first = next
      next = Math.min(end, first + chunk)
      const entries = Array.from({ length: next - first }, (_, at) => ({
        key: keyOf(first + at),
        value: values.of(first + at),
      }))
      if (session.load !== undefined) await session.load(entries)
      else if (session.batch !== undefined) await session.batch(entries)
      else await Promise.all(entries.map(({ key, value }) => session.put(key, value)))
    }
  }

  await Promise.all(Array.from({ length: inFlight }, lane))
  const seconds = (performance.now() - startedAt) / 1_000
  return { seconds, ...turns.stop() }
}
