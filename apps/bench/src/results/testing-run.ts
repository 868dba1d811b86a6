/** Small run files for tests. */
import type { MetricName } from '../metric.ts'
import type { Case, RunFile, Sample, WorkloadRun } from './run-file.ts'
import { runFileSchema } from './run-file.ts'
import type { SubjectRecord } from './subject-record.ts'

/** `[subject, case, metric]` and what its rounds measured, from round 1; `null` leaves a round out. */
export type Row = readonly [
  subject: string,
  caseName: string,
  metric: MetricName,
  values: readonly (number | null)[],
]

/** A workload made of rows; its subjects and cases are those of the rows. */
export function testingWorkload(
  name: string,
  rows: readonly Row[],
  more: Partial<WorkloadRun> = {},
): WorkloadRun {
  const subjects = [...new Set(rows.map(([subject]) => subject))]
  return {
    name,
    title: `the workload ${name}`,
    about: 'What it does.',
    rounds: 5,
    parameters: { 'value bytes': 100 },
    subjects: subjects.map(testingSubject),
    skipped: [],
    cases: casesOf(rows),
    samples: samplesOf(rows),
    ...more,
  }
}

export function testingRun(
  workloads: readonly WorkloadRun[],
  more: Partial<RunFile> = {},
): RunFile {
  return {
    schema: runFileSchema,
    command: `pnpm bench ${workloads.map(({ name }) => name).join(' ')}`,
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:14:05.000Z',
    quick: false,
    revision: '0123456789ab',
    machine: {
      cpu: 'Testing CPU',
      cores: 4,
      memoryBytes: 8 * 1024 ** 3,
      system: 'Debian 12',
      kernel: '6.1.0',
      fileSystem: 'ext4',
      node: '24.0.0',
      loadAverage: 0.25,
    },
    workloads,
    ...more,
  }
}

export function testingSubject(name: string): SubjectRecord {
  const side = name.startsWith('kv') ? 'kv' : name === 'machine' ? 'machine' : 'peer'
  const product = side === 'peer' ? productOf(name) : side
  return {
    name,
    title: `the subject ${name}`,
    side,
    product,
    versions: { [product]: '1.2.3' },
    acknowledges: 'when it is done',
    options: [],
  }
}

function productOf(name: string): string {
  if (name.startsWith('redis')) return 'redis'
  return name === 'classic-level' ? 'leveldb' : name
}

function casesOf(rows: readonly Row[]): Case[] {
  const found = new Map<string, [MetricName, ...MetricName[]]>()
  for (const [, name, metric] of rows) {
    const metrics = found.get(name)
    if (metrics === undefined) found.set(name, [metric])
    else if (!metrics.includes(metric)) metrics.push(metric)
  }
  return [...found].map(([name, metrics]) => {
    const inFlight = /(\d+) in flight$/.exec(name)?.[1]
    const axis = { name: 'in flight', value: Number(inFlight) }
    return { name, metrics, ...(inFlight === undefined ? {} : { axis }) }
  })
}

function samplesOf(rows: readonly Row[]): Sample[] {
  const samples = new Map<string, { -readonly [K in keyof Sample]: Sample[K] }>()
  for (const [subject, caseName, metric, values] of rows) {
    for (const [at, value] of values.entries()) {
      if (value === null) continue
      const key = JSON.stringify([at, subject, caseName])
      const before = samples.get(key)
      samples.set(key, {
        round: at + 1,
        subject,
        case: caseName,
        values: { ...before?.values, [metric]: value },
      })
    }
  }
  return [...samples.values()]
}
