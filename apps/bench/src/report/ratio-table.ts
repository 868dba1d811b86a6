import { metrics } from '../metric.ts'
import { formatSpread } from '../results/format-value.ts'
import { type Ratio, ratiosOf } from '../results/ratios.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import type { Spread } from '../results/spread.ts'
import { type Cell, nothing, type Row, type TitledTable } from './table.ts'

/** How many times better we are than each peer; undefined without peers. */
export function ratioTable(workload: WorkloadRun): TitledTable | undefined {
  const ratios = ratiosOf(workload)
  const [first] = ratios
  if (first === undefined) return undefined
  const peers = workload.subjects.filter(({ name }) => ratios.some(({ peer }) => peer === name))
  const rows = workload.cases.flatMap(({ name, metrics: shown }): Row[] => {
    const mine = ratios.filter((each) => each.case === name)
    const lines = shown
      .filter((metric) => mine.some((each) => each.metric === metric))
      .map((metric) => {
        const cells = peers.map((peer) =>
          cellOf(mine.find((each) => each.metric === metric && each.peer === peer.name)),
        )
        return { cells: [metrics[metric].title, ...cells] }
      })
    return lines.length === 0 ? [] : [{ cells: [name], isGroup: true }, ...lines]
  })
  return {
    title: `How many times better ${first.ours} is`,
    table: {
      columns: [
        { title: 'better in' },
        ...peers.map(({ title }) => ({ title: `than ${title}`, isNumber: true as const })),
      ],
      rows,
    },
  }
}

/** Who is ahead, in words; empty when we are in every round. */
function winnerOf({ median, low, high, count }: Spread): string {
  if (count > 1 && low <= 1 && high >= 1) {
    return median < 1 ? 'peer ahead, within the noise' : 'within the noise'
  }
  return median < 1 ? 'the peer wins' : ''
}

function cellOf(ratio: Ratio | undefined): Cell {
  if (ratio === undefined) return nothing
  const text = formatSpread(ratio.spread, 'x')
  const winner = winnerOf(ratio.spread)
  if (winner === '') return text
  return { text, tone: winner === 'the peer wins' ? 'bad' : 'faint', note: winner }
}
