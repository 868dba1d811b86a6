/** All latencies of a case, not only a few percentiles: merged over the rounds. */
import type { Histogram } from 'hdr-histogram-js'
import { formatValue } from '../results/format-value.ts'
import { mergedHistogram } from '../results/latency-histogram.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import { logPositionAxis, logValueAxis } from './axis.ts'
import { type Plot, svgOf } from './plot.ts'
import {
  keyOf,
  lookOfSubject,
  lookOfVariant,
  marksOf,
  type Point,
  type Series,
  valuesOf,
} from './series.ts'
import type { Table } from './table.ts'

/** Every store in one case; undefined when none kept its latencies. */
export function percentilesOfStores(workload: WorkloadRun, caseName: string): Plot | undefined {
  const lines = workload.subjects.flatMap((subject): Line[] => {
    const histogram = mergedHistogram(workload, subject.name, caseName)
    if (subject.side === 'machine' || histogram === undefined) return []
    return [{ label: subject.title, look: lookOfSubject(subject), histogram }]
  })
  return plotOf(caseName, lines)
}

/** Several cases of one store. */
export function percentilesOfCases(
  workload: WorkloadRun,
  subject: string,
  title: string,
  caseNames: readonly string[],
): Plot | undefined {
  const lines = caseNames.flatMap((label, at): Line[] => {
    const histogram = mergedHistogram(workload, subject, label)
    return histogram === undefined ? [] : [{ label, look: lookOfVariant(at), histogram }]
  })
  return plotOf(title, lines)
}

interface Line extends Pick<Series, 'label' | 'look'> {
  readonly histogram: Histogram
}

/** Where the lines have their symbols, and the axis its labels: shares of operations that were slower. */
const shares = [0.5, 0.1, 0.01, 0.001, 0.0001, 0.00001, 0.000001]
const pointsPerDecade = 16

function plotOf(name: string, lines: readonly Line[]): Plot | undefined {
  if (lines.length === 0) return undefined
  const series = lines.map(({ histogram, ...rest }) => ({ ...rest, points: pointsOf(histogram) }))
  const end = Math.max(...series.map(({ points }) => points.at(-1)!.x))
  const ticks = shares.map((share) => Math.round(1 / share)).filter((tick) => tick <= end)
  const x = logPositionAxis(ticks, [1, end], 'percentile of operations', nameOfTick)
  const y = logValueAxis(valuesOf(series), 'ms')
  const title = `Latency: ${name}`
  return {
    title,
    caption:
      'Lower is better. Latencies of all rounds together; from left to right ten times fewer operations were slower. A line ends where too few operations are left. Both axes are logarithmic.',
    svg: svgOf(title, {
      height: 280,
      marginLeft: 64,
      marginRight: 24,
      marginBottom: 42,
      x: x.scale,
      y: y.scale,
      marks: [...y.marks, ...x.marks, ...marksOf(series)],
    }),
    key: keyOf(series),
    numbers: numbersOf(lines),
  }
}

/** Up to where one operation was slower. Values below the 1 µs of the histogram count as 1 µs. */
function pointsOf(histogram: Histogram): Point[] {
  const decades = Math.log10(histogram.totalCount)
  const places = new Set(shares.map((share) => 1 / share))
  for (let step = 0; step <= decades * pointsPerDecade; step++) {
    places.add(10 ** (step / pointsPerDecade))
  }
  return [...places]
    .filter((place) => place <= histogram.totalCount)
    .sort((a, b) => a - b)
    .map((place) => ({
      x: place,
      y: Math.max(1, histogram.getValueAtPercentile(100 * (1 - 1 / place))) / 1_000,
      ...(shares.some((share) => 1 / share === place) ? {} : { isPlain: true as const }),
    }))
}

/** `p50`, `p99.9`. */
function nameOfTick(slower: number): string {
  const percent = 100 * (1 - 1 / slower)
  return `p${Number(percent.toFixed(6))}`
}

function numbersOf(lines: readonly Line[]): Table {
  const percents = [50, 90, 99, 99.9, 99.99]
  const titles = ['operations', ...percents.map((percent) => `p${percent}`), 'longest']
  return {
    columns: [{ title: '' }, ...titles.map((title) => ({ title, isNumber: true as const }))],
    rows: lines.map(({ label, histogram }) => ({
      cells: [
        label,
        formatValue(histogram.totalCount, 'count'),
        ...percents.map((percent) => formatUs(histogram.getValueAtPercentile(percent))),
        formatUs(histogram.maxValue),
      ],
    })),
  }
}

function formatUs(us: number): string {
  return formatValue(us / 1_000, 'ms')
}
