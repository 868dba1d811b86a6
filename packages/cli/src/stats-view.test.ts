import { expect, test } from 'vitest'
import { formatStats } from './stats-view.ts'

test('groups, units and words', () => {
  const stats = {
    ready: true,
    store: {
      keys: 1_234_567,
      failed: false,
      last: null,
      files: { liveBytes: 3_221_225_472, bytes: 512, logSegments: 4 },
      commits: {
        latency: { count: 12, p50Ms: 0.2104, p99Ms: 1.5, maxMs: 12 },
        merges: { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 },
      },
    },
    server: {
      pid: 12_345,
      uptimeMs: 3_723_000,
      name: 'n\x1b[1m',
      load: 0.5,
      id: Buffer.from([0xfe]),
      peers: ['a', { port: 1_234 }],
      errors: { KV_TIMEOUT: 2 },
      empty: {},
    },
  }
  expect(formatStats(stats)).toMatchInlineSnapshot(`
    "  ready         yes

    store
      keys          1,234,567
      failed        no
      last          -

    store / files
      live          3 GiB
      bytes         512 B
      log segments  4

    store / commits
      latency       count 12, p50 0.21 ms, p99 1.5 ms, max 12 ms
      merges        -

    server
      pid           12345
      uptime        1 h 2 min
      name          n\\x1b[1m
      load          0.5
      id            fe
      peers         a; port 1234

    server / errors
      KV_TIMEOUT    2"
  `)
})

test('nothing is nothing', () => {
  expect(formatStats({})).toBe('')
})
