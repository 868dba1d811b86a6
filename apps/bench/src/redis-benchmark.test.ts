import { expect, test } from 'vitest'
import { parseRedisBenchmark } from './redis-benchmark.ts'

const heading =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"'

test('reads the columns by their names', () => {
  const csv = `${heading}\n"SET","75187.97","0.351","0.128","0.343","0.495","0.695","1.303"\n`
  expect(parseRedisBenchmark(csv)).toEqual({
    throughput: 75_187.97,
    p50: 0.343,
    p99: 0.695,
    max: 1.303,
  })
})

test.each(['', 'Could not connect to Redis', `${heading}\n`, `"SET","75187.97"`])(
  'refuses %j',
  (text) => {
    expect(() => parseRedisBenchmark(text)).toThrow('printed no table')
  },
)
