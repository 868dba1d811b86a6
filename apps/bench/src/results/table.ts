import { type MetricName, metrics } from '../metric.ts'
import { formatSpread, formatValue } from './format-value.ts'
import { measuredCases } from './measured-cases.ts'
import { ratiosOf } from './ratios.ts'
import { roundValues } from './round-values.ts'
import type { RunFile, WorkloadRun } from './run-file.ts'
import { spreadOf } from './spread.ts'
import { terminalTable } from './terminal-table.ts'

/** A workload for the terminal: what it was measured on and with, then every case, then who is better. */
export function formatWorkload(workload: WorkloadRun, run: RunFile): string {
  const parts = [
    `\n${workload.title}: ${workload.about}`,
    conditions(workload, run),
    ...workload.subjects
      .filter(({ side }) => side !== 'machine')
      .map(({ title, versions, acknowledges, options }) => {
        const set = options.length === 0 ? 'all defaults' : options.join(', ')
        const when = acknowledges === '' ? '' : `acknowledges ${acknowledges}`
        const facts = [Object.values(versions).join(', '), when, set].filter(Boolean)
        return `  ${title}: ${facts.join('; ')}`
      }),
    ...workload.skipped.map(
      ({ subject, reason, install }) =>
        `  SKIPPED ${subject}: ${reason}${install === undefined ? '' : `; ${install}`}`,
    ),
    figures(workload),
    ratios(workload),
    profiles(workload),
    ...(workload.findings ?? []),
  ]
  return `${parts.filter(Boolean).join('\n')}\n`
}

function conditions(
  { parameters, rounds }: WorkloadRun,
  { machine, revision, quick }: RunFile,
): string {
  const { cpu, cores, memoryBytes, system, kernel, fileSystem, node, loadAverage } = machine
  const set = Object.entries(parameters).map(([name, value]) => `${name}: ${value}`)
  return [
    `  ${cores} × ${cpu}, ${formatValue(memoryBytes, 'B')}, ${system}, kernel ${kernel}, ${fileSystem}, Node ${node}, load average ${loadAverage}, revision ${revision}`,
    `  ${set.join(', ')}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}${quick ? ', quick' : ''}: median (lowest–highest)`,
  ].join('\n')
}

function figures(workload: WorkloadRun): string {
  const table = terminalTable(['case', 'subject', ...columns(workload).map(headingOf)])
  for (const { name, metrics: shown } of measuredCases(workload)) {
    let label = name
    for (const subject of workload.subjects) {
      const cells = columns(workload).map((metric) => {
        const values = [...roundValues(workload, subject.name, name, metric).values()]
        return !shown.includes(metric) || values.length === 0
          ? ''
          : formatSpread(spreadOf(values), metrics[metric].unit)
      })
      if (cells.every((cell) => cell === '')) continue
      table.push([label, subject.name, ...cells])
      label = ''
    }
  }
  return table.toString()
}

/** All metrics that any case shows. */
function columns(workload: WorkloadRun): MetricName[] {
  return [...new Set(measuredCases(workload).flatMap((each) => each.metrics))]
}

const headingWidth = 16

/** In words, over several lines: there may be many columns. */
function headingOf(metric: MetricName): string {
  const lines: string[] = []
  for (const word of metrics[metric].title.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim()
    if (lines.length > 0 && longer.length <= headingWidth) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines.join('\n')
}

function profiles({ profiles: all = [] }: WorkloadRun): string {
  if (all.length === 0) return ''
  const table = terminalTable(["profile of the driver's main thread", 'function', 'share'])
  for (const { case: name, lines } of all) {
    for (const [at, line] of lines.entries()) {
      table.push([at === 0 ? name : '', line.function, formatValue(line.share, '%')])
    }
  }
  return table.toString()
}

/** The first metric of each case against every peer. */
function ratios(workload: WorkloadRun): string {
  const all = ratiosOf(workload)
  if (all.length === 0) return ''
  const table = terminalTable([
    'kv / peer (above 1: kv is better)',
    'at',
    'peer',
    'ratio of the rounds',
    'winner',
  ])
  for (const { name, metrics: shown } of workload.cases) {
    let label = name
    for (const { peer, spread, ...ratio } of all) {
      if (ratio.case !== name || ratio.metric !== shown[0]) continue
      const winner = spread.high < 1 ? 'the peer' : spread.low > 1 ? 'kv' : 'within the noise'
      table.push([label, metrics[ratio.metric].title, peer, formatSpread(spread, 'x'), winner])
      label = ''
    }
  }
  return table.toString()
}
