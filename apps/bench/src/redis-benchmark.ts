import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Sample } from './results/run-file.ts'
import { findProgram, installCommand } from './subjects/server-process.ts'

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
  const program = findProgram('redis-benchmark')
  if (program === undefined) throw new Error(`redis-benchmark is missing; ${installCommand}`)
  const { port, kind, requests } = options
  const server = ['-h', '127.0.0.1', '-p', `${port}`]
  const work = ['-t', kind === 'put' ? 'set' : 'get', '-n', `${requests}`, '--csv']
  const { stdout } = await run(program, [...server, ...work, ...redisBenchmarkFlags(options)], {
    timeout: timeoutMs,
  })
  return parseRedisBenchmark(stdout)
}

/** Those that a report shows. */
export function redisBenchmarkFlags({
  clients,
  valueBytes,
  keys,
}: Pick<RedisBenchmark, 'clients' | 'valueBytes' | 'keys'>): string[] {
  return ['-c', `${clients}`, '-d', `${valueBytes}`, '-r', `${keys}`]
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
