import { expect, test } from 'vitest'
import { newestWorkloads } from './newest-workloads.ts'
import { testingRun, testingWorkload } from './testing-run.ts'

const put = testingWorkload('put', [['kv', 'a', 'p50', [1]]])
const get = testingWorkload('get', [['kv', 'a', 'p50', [1]]])
const range = testingWorkload('range', [['kv', 'a', 'p50', [1]]])

test('of a workload the newest run counts, in the order of the oldest', () => {
  const older = testingRun([put, get], { startedAt: '2026-01-01T00:00:00.000Z' })
  const newer = testingRun([range, put], { startedAt: '2026-01-02T00:00:00.000Z' })
  for (const runs of [
    [older, newer],
    [newer, older],
  ]) {
    const found = newestWorkloads(runs).map(({ run, workload }) => [workload.name, run.startedAt])
    expect(found).toEqual([
      ['put', newer.startedAt],
      ['get', older.startedAt],
      ['range', newer.startedAt],
    ])
  }
})
