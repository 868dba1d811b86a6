import { afterEach, expect, test, vi } from 'vitest'
import { linesOf, profiled, profileVariable } from './profiler.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function node(id: number, functionName: string, url: string) {
  return {
    id,
    callFrame: { functionName, url, scriptId: '1', lineNumber: 1, columnNumber: 1 },
    hitCount: 0,
  }
}

test('the time from one sample to the next belongs to what the first one saw', () => {
  const lines = linesOf({
    nodes: [
      node(1, '(garbage collector)', ''),
      node(2, '#leafOf', 'file:///somewhere/kv/packages/engine/dist/keydir/key-order.js'),
      node(3, '', 'file:///somewhere/kv/apps/bench/src/driver/closed-loop.ts'),
      node(4, '#leafOf', 'file:///somewhere/kv/packages/engine/dist/keydir/key-order.js'),
    ],
    startTime: 0,
    endTime: 1_000,
    samples: [1, 2, 3, 4, 1],
    timeDeltas: [50, 100, 300, 200, 400],
  })
  expect(lines).toEqual([
    { function: 'engine/keydir/key-order #leafOf', share: 70 },
    { function: 'bench/driver/closed-loop (anonymous)', share: 20 },
    { function: '(garbage collector)', share: 10 },
  ])
})

test('a step is profiled only where that was asked for', async () => {
  expect(await profiled(busy)).toEqual({ seconds: 1 })
  vi.stubEnv(profileVariable, '1')
  const { seconds, profile } = await profiled(busy)
  expect(seconds).toBe(1)
  expect(profile!.map((line) => line.function)).toContain('bench/driver/profiler.test busy')
})

async function busy(): Promise<{ seconds: number }> {
  // On its core: the profiler sees nothing of a thread that waits for one.
  for (const start = process.cpuUsage(); process.cpuUsage(start).user < 50_000; );
  return { seconds: 1 }
}
