/** What a check of a store has found, for people and for programs. */
import type { Problem, VerifyReport } from '@kv/engine/inspect'
import { escapeJson, escapeMessage } from './escape.ts'
import { formatBytes, formatCountOf } from './units.ts'

/** Whether nothing that was durable is damaged. */
export function isSound({ problems }: VerifyReport): boolean {
  return problems.every(({ severity }) => severity !== 'corruption')
}

export function formatVerifyJson(report: VerifyReport): string {
  return escapeJson(JSON.stringify({ sound: isSound(report), ...report }))
}

/** A line for each problem, and one that sums up. */
export function describeVerify(report: VerifyReport): string {
  return [...report.problems.map(describeProblem), summaryOf(report)].join('\n')
}

function describeProblem({ path, offset, what, severity }: Problem): string {
  return escapeMessage(`${path} at byte ${offset}: ${severity}: ${what}`)
}

function summaryOf(report: VerifyReport): string {
  const { filesChecked, bytesChecked, records, problems, problemsLeftOut } = report
  const checked = `checked ${formatCountOf(filesChecked, 'file')}, ${formatBytes(bytesChecked)}, ${formatCountOf(records, 'record')}`
  const count = problems.length + problemsLeftOut
  const left = problemsLeftOut === 0 ? '' : `, ${formatCountOf(problemsLeftOut, 'more', 'more')}`
  if (!isSound(report)) return `${checked}: the store is damaged${left}`
  if (count === 0) return `${checked}: sound`
  return `${checked}: sound; ${formatCountOf(count, 'remark')}, no data is affected`
}
