/** One metric against what a case varies: operations in flight, keys, sizes. */
import { type MetricName, metrics } from '../metric.ts'
import { formatValue } from '../results/format-value.ts'
import { roundValues } from '../results/round-values.ts'
import type { Case, WorkloadRun } from '../results/run-file.ts'
import { spreadOf } from '../results/spread.ts'
import type { SubjectRecord } from '../results/subject-record.ts'
import { logDomain, logPositionAxis, valueAxis } from './axis.ts'
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

/**
 * One for each axis that has at least two places. Of several stores each is a line; of one store the variants of
 * an axis ('keys, kill -9' and 'keys, clean close') are the lines of one plot.
 */
export function curvePlots(workload: WorkloadRun): Plot[] {
  const stores = workload.subjects.filter(({ side }) => side !== 'machine')
  const axes = Map.groupBy(
    workload.cases.filter(({ axis }) => axis !== undefined),
    ({ axis }) => axis!.name,
  )
  const curves = [...axes].filter(([, cases]) => placesOf(cases).length > 1)
  const [store] = stores
  if (stores.length !== 1 || store === undefined) {
    return curves.flatMap(([name, cases]) =>
      plotsOfMetrics(name, cases, (metric) =>
        stores.map((each) => ({
          label: each.title,
          look: lookOfSubject(each),
          points: pointsOf(workload, each, cases, metric),
        })),
      ),
    )
  }
  return [...Map.groupBy(curves, ([name]) => name.split(', ')[0]!)].flatMap(([name, variants]) =>
    plotsOfMetrics(name, variants[0]![1], (metric) =>
      variants.map(([variant, cases], at) => ({
        label: variant.split(', ')[1] ?? store.title,
        look: lookOfVariant(at),
        points: pointsOf(workload, store, cases, metric),
      })),
    ),
  )
}

function plotsOfMetrics(
  axisName: string,
  cases: readonly Case[],
  seriesOf: (metric: MetricName) => readonly Series[],
): Plot[] {
  return shownMetrics(cases).flatMap((metric) => plotOf(axisName, metric, seriesOf(metric)))
}

/** The main metric; as load grows also the slowest of a hundred, as keys do also the longest stall. */
function shownMetrics([first]: readonly Case[]): MetricName[] {
  const [main, ...others] = first!.metrics
  const isLoad = first!.axis?.name === 'in flight'
  return [main, ...others.filter((each) => each === 'stallMax' || (isLoad && each === 'p99'))]
}

function placesOf(cases: readonly Case[]): number[] {
  const places = new Set(cases.flatMap(({ axis }) => (axis === undefined ? [] : [axis.value])))
  return [...places].filter((place) => place > 0).sort((a, b) => a - b)
}

function pointsOf(
  workload: WorkloadRun,
  { name }: SubjectRecord,
  cases: readonly Case[],
  metric: MetricName,
): Point[] {
  const points = cases.flatMap((each): Point[] => {
    const values = [...roundValues(workload, name, each.name, metric).values()]
    if (values.length === 0 || each.axis === undefined || each.axis.value <= 0) return []
    const { median, low, high } = spreadOf(values)
    return [{ x: each.axis.value, y: median, low, high }]
  })
  return points.sort((a, b) => a.x - b.x)
}

function plotOf(axisName: string, metric: MetricName, all: readonly Series[]): Plot[] {
  const series = all.filter(({ points }) => points.length > 0)
  if (series.length === 0) return []
  const { title, unit, better } = metrics[metric]
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))]
  const y = valueAxis(valuesOf(series), unit)
  const what = axisTitles[axisName] ?? axisName
  const bytes = axisName.startsWith('value bytes')
  const x = logPositionAxis(places, logDomain(places), what, (place) =>
    bytes ? formatValue(place, 'B') : formatPlace(place),
  )
  const name = `${title[0]!.toUpperCase()}${title.slice(1)}, by ${what}`
  return [
    {
      title: name,
      caption: `${better === 'higher' ? 'Higher' : 'Lower'} is better. Symbols are medians, the bars behind them reach from the lowest to the highest round.${y.scale.type === 'log' ? ' Both axes are logarithmic.' : ''}`,
      svg: svgOf(name, {
        height: 280,
        marginLeft: 64,
        marginRight: 24,
        marginBottom: 42,
        x: x.scale,
        y: y.scale,
        marks: [...y.marks, ...x.marks, ...marksOf(series)],
      }),
      key: keyOf(series),
    },
  ]
}

const axisTitles: Readonly<Record<string, string>> = {
  'in flight': 'operations in flight',
  keys: 'number of keys',
}

/** `500`, `100 k`, `10 M`. */
function formatPlace(place: number): string {
  return formatValue(place, 'op/s').replace('/s', '').trim()
}
