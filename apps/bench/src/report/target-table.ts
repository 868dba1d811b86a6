import type { Verdict } from '../judge.ts'
import { formatSpread, formatValue } from '../results/format-value.ts'
import { type Cell, nothing, type Row, type Table } from './table.ts'

/** Every target: what is wanted, what was measured, and what became of it. */
export function targetTable(verdicts: readonly Verdict[]): Table {
  return {
    columns: [
      { title: 'measured as' },
      { title: 'wanted' },
      { title: 'got', isNumber: true },
      { title: 'rounds', isNumber: true },
      { title: 'against' },
      { title: 'verdict' },
    ],
    rows: verdicts.flatMap((verdict, at) =>
      verdict.target === verdicts[at - 1]?.target
        ? [rowOf(verdict)]
        : [groupOf(verdict), rowOf(verdict)],
    ),
  }
}

/** `12 reached, 3 missed, 4 not measured, 3 not yet`: parts, since a target may have several. */
export function countVerdicts(verdicts: readonly Verdict[]): string {
  return (['reached', 'missed', 'not measured', 'not yet'] as const)
    .map((state) => `${verdicts.filter((each) => each.state === state).length} ${state}`)
    .join(', ')
}

/** What stands in the way of those of which a part is missed, and what was tried. */
export function limitsOf(verdicts: readonly Verdict[]): readonly string[] {
  const missed = new Set(
    verdicts.filter(({ state }) => state === 'missed').map(({ target }) => target),
  )
  return [...missed].flatMap(({ id, limit }) => (limit === undefined ? [] : [`${id}. ${limit}.`]))
}

function groupOf({ target: { id, text, aside } }: Verdict): Row {
  const more = aside === undefined ? '' : ` (${aside})`
  return { cells: [id, `${text}${more}`], isGroup: true }
}

function rowOf(verdict: Verdict): Row {
  const { part, what, wanted } = verdict
  const place = part === undefined ? nothing : what
  if ('reason' in verdict) {
    const said: Cell = { text: `${verdict.state}: ${verdict.reason}`, tone: 'faint' }
    return { cells: [place, wanted || nothing, nothing, nothing, nothing, said] }
  }
  const { state, got, unit, against, quick, missedBy } = verdict
  const by = missedBy === undefined ? '' : ` by ${formatValue(missedBy, '%')}`
  const peer =
    against === undefined
      ? nothing
      : `${against.peer}${against.among > 1 ? `, best of ${against.among}` : ''}`
  return {
    cells: [
      place,
      wanted,
      formatSpread(got, unit),
      String(got.count),
      peer,
      {
        text: `${state}${by}${quick ? ' (quick run)' : ''}`,
        tone: state === 'reached' ? 'good' : 'bad',
      },
    ],
  }
}
