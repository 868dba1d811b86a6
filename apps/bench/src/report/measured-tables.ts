import { type MetricName, metrics } from '../metric.ts'
import { formatSpread } from '../results/format-value.ts'
import { measuredCases } from '../results/measured-cases.ts'
import { roundValues } from '../results/round-values.ts'
import type { Case, WorkloadRun } from '../results/run-file.ts'
import { spreadOf } from '../results/spread.ts'
import type { SubjectRecord } from '../results/subject-record.ts'
import { type Cell, nothing, type Row, type TitledTable } from './table.ts'

/**
 * The medians of a workload. Of several stores a table per metric, with a store in each column; of one store, and
 * of the bare machine, a metric in each column.
 */
export function measuredTables(workload: WorkloadRun): TitledTable[] {
  const stores = workload.subjects.filter(({ side }) => side !== 'machine')
  const machine = workload.subjects.filter(({ side }) => side === 'machine')
  const tables =
    stores.length > 1
      ? metricsOf(measuredCases(workload)).map((metric) => byStore(workload, metric, stores))
      : stores.map((each) => byMetric(workload, each))
  return [...tables, ...machine.map((each) => byMetric(workload, each))].filter(
    ({ table }) => table.rows.length > 0,
  )
}

/** In the order in which the cases have them. */
function metricsOf(cases: readonly Case[]): MetricName[] {
  return [...new Set(cases.flatMap(({ metrics }) => metrics))]
}

/** `Median latency (lower is better)`. */
function titleOf(metric: MetricName): string {
  const { title, better } = metrics[metric]
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)} (${better} is better)`
}

function byStore(
  workload: WorkloadRun,
  metric: MetricName,
  stores: readonly SubjectRecord[],
): TitledTable {
  const cases = measuredCases(workload).filter((each) => each.metrics.includes(metric))
  const measured = stores.filter(({ name }) =>
    cases.some((each) => roundValues(workload, name, each.name, metric).size > 0),
  )
  const rows = cases.map((each) => ({
    cells: [each.name, ...measured.map(({ name }) => cellOf(workload, name, each.name, metric))],
  }))
  return {
    title: titleOf(metric),
    isMinor: cases.every((each) => each.metrics[0] !== metric),
    table: {
      columns: [
        { title: 'case' },
        ...measured.map(({ title }) => ({ title, isNumber: true as const })),
      ],
      rows: rows.filter(isMeasured),
    },
  }
}

function byMetric(workload: WorkloadRun, { name, title }: SubjectRecord): TitledTable {
  const cases = measuredCases(workload).filter((each) =>
    each.metrics.some((metric) => roundValues(workload, name, each.name, metric).size > 0),
  )
  const shown = metricsOf(cases)
  const rows = cases.map((each) => ({
    cells: [
      each.name,
      ...shown.map((metric) =>
        each.metrics.includes(metric) ? cellOf(workload, name, each.name, metric) : nothing,
      ),
    ],
  }))
  return {
    title,
    table: {
      columns: [
        { title: 'case' },
        ...shown.map((metric) => ({ title: metrics[metric].title, isNumber: true as const })),
      ],
      rows,
    },
  }
}

function isMeasured({ cells }: Row): boolean {
  return cells.slice(1).some((cell) => cell !== nothing)
}

function cellOf(
  workload: WorkloadRun,
  subject: string,
  caseName: string,
  metric: MetricName,
): Cell {
  const values = [...roundValues(workload, subject, caseName, metric).values()]
  return values.length === 0 ? nothing : formatSpread(spreadOf(values), metrics[metric].unit)
}
