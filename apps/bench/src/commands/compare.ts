import { resolve } from 'node:path'
import { metrics } from '../metric.ts'
import { type Change, compareRuns } from '../results/compare.ts'
import { formatChange, formatSpread } from '../results/format-value.ts'
import { readRunFile } from '../results/read-run-file.ts'
import { terminalTable } from '../results/terminal-table.ts'

/** Prints what moved from one run to another; paths are relative to where the person stands. */
export async function compareFiles(before: string, after: string): Promise<void> {
  const from = process.env['INIT_CWD'] ?? '.'
  const { changes, ratios, differences, uncompared } = compareRuns(
    await readRunFile(resolve(from, before)),
    await readRunFile(resolve(from, after)),
  )
  const lines = [
    ...differences.map((difference) => `differs: ${difference}`),
    ...uncompared.map((what) => `only in one of them: ${what}`),
    ...moved('measured', changes),
    ...moved('against the best peer', ratios, 'x'),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function moved(what: string, changes: readonly Change[], unit?: 'x'): string[] {
  if (changes.length === 0) return []
  const found = changes.filter(({ verdict }) => verdict === 'faster' || verdict === 'slower')
  const single = changes.filter(({ verdict }) => verdict === 'too few rounds').length
  const note = single === 0 ? '' : `; ${single} of fewer than five rounds, of which nothing is said`
  if (found.length === 0) {
    return [`${what}: nothing moved beyond the noise, of ${changes.length} figures${note}`]
  }
  const table = terminalTable([
    'workload',
    'case',
    'subject',
    'metric',
    'before',
    'after',
    'change',
    'now',
  ])
  for (const { workload, subject, metric, percent, verdict, ...change } of found) {
    const shown = unit ?? metrics[metric].unit
    const [before, after] = [change.before, change.after].map((each) => formatSpread(each, shown))
    const name = change.case
    table.push([
      workload,
      name,
      subject,
      metrics[metric].title,
      before,
      after,
      formatChange(percent),
      verdict,
    ])
  }
  return [
    `${what}: ${found.length} of ${changes.length} figures moved beyond the noise${note}`,
    table.toString(),
  ]
}
