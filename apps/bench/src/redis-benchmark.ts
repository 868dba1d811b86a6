import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Sample } from './results/run-file.ts'

export interface RedisBenchmark {
  readonly port: number
  readonly kind: 'put' | 'get'
  /** Connections, each with one command under way. */
  readonly clients: number
  readonly valueBytes: number
  /** Its own keys are `key:` and a number of twelve digits under this. */
  readonly keys: number
  readonly requests: number
}

const run = promisify(execFile)
const timeoutMs = 120_000

/** Redis's own load generator, without pipelining. Throws when it is missing or says nothing usable. */
export async function runRedisBenchmark(options: RedisBenchmark): Promise<Sample['values']> {
  const { port, kind, clients, valueBytes, keys, requests } = options
  const server = ['-h', '127.0.0.1', '-p', `${port}`]
  const work = ['-t', kind === 'put' ? 'set' : 'get', '-c', `${clients}`, '-d', `${valueBytes}`]
  const amount = ['-r', `${keys}`, '-n', `${requests}`, '--csv']
  const { stdout } = await run('redis-benchmark', [...server, ...work, ...amount], {
    timeout: timeoutMs,
  })
  return parseRedisBenchmark(stdout)
}

/** Its CSV: a heading, then `"SET","75000.00",...` with latencies in ms. */
export function parseRedisBenchmark(csv: string): Sample['values'] {
  const rows = csv.trim().split(/\r?\n/)
  const heading = cells(rows.find((row) => row.includes('rps')))
  const figures = cells(rows.at(-1))
  const column = (name: string): number => Number(figures[heading.indexOf(name)])
  const values = {
    throughput: column('rps'),
    p50: column('p50_latency_ms'),
    p99: column('p99_latency_ms'),
    max: column('max_latency_ms'),
  }
  if (Object.values(values).every((value) => Number.isFinite(value))) return values
  throw new Error(`redis-benchmark printed no table: ${csv.slice(0, 200)}`)
}

function cells(row: string | undefined): string[] {
  return (row ?? '').split(',').map((cell) => cell.replaceAll('"', '').trim())
}
