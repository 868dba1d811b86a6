import type { PlainMap } from '@kv/client'
import { escapeJson } from './escape.ts'

/** A structure of the server's as JSON; bytes, which JSON lacks, as hex. */
export function formatPlain(map: PlainMap): string {
  return escapeJson(
    JSON.stringify(map, (_name, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ),
  )
}
