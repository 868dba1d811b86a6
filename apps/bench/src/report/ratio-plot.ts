/** How many times better we are than each peer: a dot for the median, a line from the lowest to the highest round. */
import { axisX, dot, gridX, link, type Markish, ruleX, text } from '@observablehq/plot'
import { type MetricName, metrics } from '../metric.ts'
import { formatValue } from '../results/format-value.ts'
import { type Ratio, ratiosOf } from '../results/ratios.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import { logTicks } from './axis.ts'
import { type Plot, svgOf } from './plot.ts'
import { inkOf, lookOf } from './subject-look.ts'

/** Of the main metric of each case; undefined without peers. */
export function ratioPlot(workload: WorkloadRun): Plot | undefined {
  const all = ratiosOf(workload).filter(isDrawable)
  const groups = workload.cases.flatMap(({ name, metrics: [main] }): Group[] => {
    const ratios = all.filter((each) => each.case === name && each.metric === main)
    return ratios.length === 0 ? [] : [{ name, metric: main, ratios }]
  })
  const [first] = groups
  if (first === undefined) return undefined
  const metric = groups.every((each) => each.metric === first.metric) ? first.metric : undefined
  const lines = groups.flatMap((group): Line[] => [
    {
      heading: metric === undefined ? `${group.name}: ${metrics[group.metric].title}` : group.name,
    },
    ...group.ratios.map((ratio) => ({ ratio })),
  ])
  const title = `How many times better ${all[0]!.ours} is`
  const of = metric === undefined ? '' : ` in ${metrics[metric].title}`
  return {
    title: `${title}${of}`,
    caption:
      'Right of the line at 1× kv is ahead, left of it the peer. Symbols are medians of the ratios of the rounds, lines reach from the lowest to the highest. The axis is logarithmic.',
    svg: ratioSvg(title, lines),
    isTall: lines.length > 28,
    key: [],
  }
}

interface Group {
  readonly name: string
  readonly metric: MetricName
  readonly ratios: readonly Ratio[]
}

/** A row of the plot: the name of a case, or a ratio. */
interface Line {
  readonly heading?: string
  readonly ratio?: Ratio
}

/** A logarithmic axis has no place for others. */
function isDrawable({ spread: { low, high } }: Ratio): boolean {
  return low > 0 && Number.isFinite(high)
}

const rowHeight = 17
const marginTop = 4
const marginLeft = 176
const marginRight = 52

function ratioSvg(title: string, lines: readonly Line[]): string {
  const bottom = marginTop + lines.length * rowHeight
  const domain = domainOf(lines)
  return svgOf(title, {
    height: bottom + 40,
    marginLeft,
    marginRight,
    marginTop,
    marginBottom: 40,
    x: { type: 'log', domain },
    y: { axis: null, domain: [-0.5, lines.length - 0.5], range: [marginTop, bottom] },
    marks: [
      ...frameMarks(domain, lines.length),
      ...lines.flatMap(({ heading, ratio }, y) => [
        ...(heading === undefined ? [] : [headingMark(heading, y)]),
        ...(ratio === undefined ? [] : ratioMarks(ratio, y)),
      ]),
    ],
  })
}

/** Always with some room on both sides of 1×. */
function domainOf(lines: readonly Line[]): [number, number] {
  const spreads = lines.flatMap(({ ratio }) => (ratio === undefined ? [] : [ratio.spread]))
  return [
    Math.min(0.3, ...spreads.map(({ low }) => low / 1.2)),
    Math.max(3, ...spreads.map(({ high }) => high * 1.2)),
  ]
}

/** The grid, the line at 1× and who is ahead on which side of it. */
function frameMarks([low, high]: readonly [number, number], rows: number): Markish[] {
  const ticks = logTicks([low, high], 5)
  const foot = { y: () => rows - 0.5, dy: 32 }
  return [
    gridX({ ticks }),
    axisX({ ticks, text: (value: number) => formatValue(value, 'x'), tickSize: 0, label: null }),
    text([1], { ...foot, x: () => 1, text: () => '← peer ahead', dx: -6, textAnchor: 'end' }),
    text([1], { ...foot, x: () => 1, text: () => 'kv ahead →', dx: 6, textAnchor: 'start' }),
    ruleX([1], { stroke: 'currentColor', strokeWidth: 1.5 }),
  ]
}

/** It may be longer than the margin: the lines behind it make room. */
function headingMark(heading: string, y: number): Markish {
  const halo = { stroke: 'var(--box, white)', strokeWidth: 5, fill: 'currentColor' }
  const place = { frameAnchor: 'left', dx: 4 - marginLeft, textAnchor: 'start' } as const
  return text([heading], { ...halo, ...place, y: () => y, text: () => heading, fontWeight: 600 })
}

function ratioMarks({ peer, spread }: Ratio, y: number): Markish[] {
  const ink = inkOf(peer)
  const { median, low, high } = spread
  const weight = median < 1 ? 700 : 400
  const left = { frameAnchor: 'left', dx: 14 - marginLeft, textAnchor: 'start' } as const
  const right = { frameAnchor: 'right', dx: marginRight - 2, textAnchor: 'end' } as const
  return [
    text([peer], { ...left, y: () => y, text: () => peer }),
    link([peer], { x1: low, x2: high, y1: y, y2: y, stroke: ink, strokeWidth: 2 }),
    dot([peer], { x: () => median, y: () => y, symbol: lookOf(peer).symbol, fill: ink, r: 4 }),
    text([peer], {
      ...right,
      y: () => y,
      text: () => formatValue(median, 'x'),
      fontWeight: weight,
    }),
  ]
}
