import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { parseRunFile, RunFileError, readRunFile } from './read-run-file.ts'
import { testingRun, testingWorkload } from './testing-run.ts'

const rows = [['kv', 'a', 'p50', [1, 2]]] as const

/** The error that a good run file gives when `value` stands at `path`; undefined takes the field away. */
function errorWith(path: string, value: unknown): string {
  const file = structuredClone(testingRun([testingWorkload('put', rows)]))
  const names = path.split('.')
  const last = names.pop()!
  const parent = names.reduce((at, name) => (at as Record<string, object>)[name]!, file as object)
  Object.assign(parent, { [last]: value })
  try {
    parseRunFile(JSON.stringify(file), 'run.json')
  } catch (error) {
    if (error instanceof RunFileError) return error.message
    throw error
  }
  return 'no error'
}

test('gives back what a run wrote', () => {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000 })
  histogram.recordValue(12)
  const workload = testingWorkload('put', rows)
  const timeline = {
    sliceMs: 100,
    p50: [1, null],
    p99: [1, null],
    max: [1, null],
    events: [{ kind: 'merge', fromMs: 0, toMs: 5 } as const],
  }
  const samples = workload.samples.map((each) => ({
    ...each,
    histogram: encodeIntoCompressedBase64(histogram),
    timeline,
  }))
  const run = testingRun([{ ...workload, samples }])
  expect(parseRunFile(JSON.stringify(run), 'run.json')).toEqual(run)
})

test('a file that is not there', async () => {
  const path = '/nowhere/run.json'
  await expect(readRunFile(path)).rejects.toThrow(
    '/nowhere/run.json: there is no such file; pnpm bench <workload> writes one',
  )
})

test('what is not JSON', () => {
  expect(() => parseRunFile('{', 'run.json')).toThrow(
    'run.json: is not JSON; give a file that pnpm bench has written',
  )
})

test.each<[string, string, unknown, string]>([
  [
    'another schema',
    'schema',
    'kv-bench/2',
    'has schema "kv-bench/2", not "kv-bench/1"; measure again with this version',
  ],
  ['no schema', 'schema', undefined, 'has no schema, not "kv-bench/1"'],
  ['a missing field', 'command', undefined, 'lacks command'],
  ['a wrong field', 'workloads.0.rounds', 'five', 'workloads[0].rounds is not a number'],
  ['no machine', 'machine', undefined, 'lacks machine'],
  ['half a machine', 'machine.cpu', undefined, 'lacks machine.cpu'],
  ['workloads that are no list', 'workloads', {}, 'workloads is not a list'],
  [
    'a nameless subject',
    'workloads.0.subjects.0.name',
    undefined,
    'lacks workload put, subjects[0].name',
  ],
  [
    'an unknown side',
    'workloads.0.subjects.0.side',
    'other',
    "workload put, subjects[0].side is 'other', not kv, peer or machine",
  ],
  [
    'a sample of nobody',
    'workloads.0.samples.0.subject',
    'x',
    "workload put, samples[0].subject is 'x', which is not among the subjects",
  ],
  [
    'an unknown metric of a sample',
    'workloads.0.samples.1.values.p42',
    1,
    'workload put, samples[1] has the unknown metric "p42"; it may come from a newer version',
  ],
  [
    'an unknown metric of a case',
    'workloads.0.cases.0.metrics',
    ['toString'],
    'workload put, cases[0] has the unknown metric "toString"',
  ],
  [
    'a value that is no number',
    'workloads.0.samples.0.values.p50',
    null,
    'workload put, samples[0].values.p50 is not a number',
  ],
  [
    'a histogram of garbage',
    'workloads.0.samples.0.histogram',
    'AAAA',
    'workload put, samples[0].histogram cannot be decoded; it is damaged or was edited',
  ],
  [
    'a histogram that is no text',
    'workloads.0.samples.0.histogram',
    7,
    'workload put, samples[0].histogram cannot be decoded',
  ],
  [
    'a timeline without slices',
    'workloads.0.samples.0.timeline',
    { sliceMs: 100 },
    'lacks workload put, samples[0].timeline.p50',
  ],
])('%s', (_, path, value, message) => {
  const error = errorWith(path, value)
  expect(error).toContain(`run.json: ${message}`)
  expect(error).not.toContain('\n')
})

test.each(['', 'AAAA', '====', 'x'.repeat(100)])('the histogram %j cannot be decoded', (text) => {
  expect(errorWith('workloads.0.samples.0.histogram', text)).toContain('cannot be decoded')
})
