import { setTimeout as delay } from 'node:timers/promises'
import { processUsage } from '../process-usage.ts'
import type { Scale, Workload } from './workload.ts'

const settleMs = 2_000
const measureMs: Readonly<Record<Scale, number>> = { quick: 3_000, full: 5_000 }

export const idle: Workload = {
  name: 'idle',
  title: 'A server with nothing to do',
  about: 'CPU time and memory of a server on an empty directory, without clients.',
  targets: ['P16a'],
  subjects: ['kv', 'redis-node-redis', 'etcd', 'nats'],
  durability: 'interval',
  rounds: 5,
  parameters: (scale) => ({ 'settling ms': settleMs, 'measured ms': measureMs[scale] }),
  cases: () => [{ name: 'empty node', metrics: ['rss', 'cpuShare'] }],
  obstacle: () => (process.platform === 'linux' ? undefined : 'reads /proc, which only Linux has'),
  async measure(context) {
    const server = await context.subject.serve!(await context.freshDirectory(), context.durability)
    try {
      await delay(settleMs)
      const before = await processUsage(server.pid)
      await delay(measureMs[context.scale])
      const after = await processUsage(server.pid)
      const cpuMs = (after.cpuSeconds - before.cpuSeconds) * 1_000
      const cpuShare = (cpuMs / measureMs[context.scale]) * 100
      return [{ case: 'empty node', values: { cpuShare, rss: after.rssBytes } }]
    } finally {
      await server.stop()
    }
  },
}
