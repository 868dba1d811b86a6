/** `pnpm cities > cities.jsonl`: the cities as JSON Lines on standard output. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { cityLines } from './cities.ts'

try {
  await pipeline(Readable.from(cityLines()), process.stdout)
} catch (error) {
  // `pnpm cities | head` has read enough.
  if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
}
