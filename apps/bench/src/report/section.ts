import { inOrder, type NewestWorkload, newestWorkloads } from '../results/newest-workloads.ts'
import type { RunFile, WorkloadRun } from '../results/run-file.ts'
import { measuredTables } from './measured-tables.ts'
import { profileTable } from './profile-table.ts'
import { ratioTable } from './ratio-table.ts'
import { subjectTable } from './subject-table.ts'
import type { Table, TitledTable } from './table.ts'

/** What the report says of one workload. */
export interface Section {
  readonly name: string
  readonly title: string
  /** Which run, how many rounds, and all parameters. */
  readonly conditions: string
  readonly subjects: Table
  /** A line each. */
  readonly skipped: readonly string[]
  readonly measured: readonly TitledTable[]
  readonly ratios: TitledTable | undefined
  readonly workload: WorkloadRun
}

export function sectionsOf(runs: readonly RunFile[]): Section[] {
  const numbers = new Map(inOrder(runs).map((run, at) => [run, at + 1]))
  return newestWorkloads(runs).map((each) => sectionOf(each, numbers.get(each.run)!))
}

function sectionOf({ run, workload }: NewestWorkload, number: number): Section {
  return {
    name: workload.name,
    title: workload.title,
    conditions: conditionsOf(run, workload, number),
    subjects: subjectTable(workload),
    skipped: workload.skipped.map(
      ({ subject, reason, install }) =>
        `${subject}: ${reason}${install === undefined ? '' : `; to have it: ${install}`}`,
    ),
    measured: [...measuredTables(workload), ...profileTable(workload)],
    ratios: ratioTable(workload),
    workload,
  }
}

function conditionsOf({ quick, revision }: RunFile, workload: WorkloadRun, number: number) {
  const { about, rounds, parameters, findings = [] } = workload
  const set = Object.entries(parameters).map(([name, value]) => `${name}: ${shown(value)}`)
  const quickly = quick ? ', quick: less data and shorter rounds than for a record' : ''
  return [
    about,
    `Run ${number} of revision ${revision}, ${rounds} round${rounds === 1 ? '' : 's'}${quickly}.`,
    `${set.join('; ')}.`,
    ...findings.map((finding) => `${finding}.`),
  ].join(' ')
}

function shown(value: string | number): string {
  return typeof value === 'number' ? grouped.format(value) : value
}

const grouped = new Intl.NumberFormat('en-US')
