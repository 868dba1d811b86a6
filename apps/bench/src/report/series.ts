/** Lines of a plot: what they stand for, and how they look. */
import { dot, line, type Markish, ruleX } from '@observablehq/plot'
import type { SubjectRecord } from '../results/subject-record.ts'
import { type Key, svgOf } from './plot.ts'
import { inkOf, lookOf, type PlotSymbol } from './subject-look.ts'

export interface Series {
  readonly label: string
  readonly look: SeriesLook
  readonly points: readonly Point[]
}

export interface Point {
  readonly x: number
  /** Null leaves a gap. */
  readonly y: number | null
  /** Of the rounds. */
  readonly low?: number
  readonly high?: number
  /** Has no symbol: one of many points of a smooth line. */
  readonly isPlain?: true
}

interface SeriesLook {
  readonly ink: string
  readonly dash: string | undefined
  /** Smooth lines have none. */
  readonly symbol: PlotSymbol | undefined
  readonly width: number
}

export function lookOfSubject({ name, side }: SubjectRecord): SeriesLook {
  const { dash, symbol } = lookOf(name)
  return { ink: inkOf(name), dash, symbol, width: side === 'kv' ? 2.5 : 1.6 }
}

/** Several lines of our own subject: the first as it always looks, the others in the colour of text. */
export function lookOfVariant(at: number): SeriesLook {
  const { dash, symbol } = variants[at % variants.length]!
  return { ink: at === 0 ? inkOf('kv') : 'currentColor', dash, symbol, width: at === 0 ? 2.5 : 1.6 }
}

const variants: readonly { readonly dash: string | undefined; readonly symbol: PlotSymbol }[] = [
  { dash: undefined, symbol: 'circle' },
  { dash: '7,3', symbol: 'square' },
  { dash: '2,3', symbol: 'triangle' },
  { dash: '7,2,2,2', symbol: 'diamond' },
]

/** Ours last, so that it lies above the others. */
export function marksOf(series: readonly Series[]): Markish[] {
  return [...series].reverse().flatMap(({ look, points }) => {
    const { ink, dash, symbol, width } = look
    const dashed = dash === undefined ? {} : { strokeDasharray: dash }
    const ranges = points.filter(({ low, high }) => low !== undefined && low !== high)
    return [
      ruleX(ranges, { x: 'x', y1: 'low', y2: 'high', stroke: ink, strokeOpacity: 0.5 }),
      line(points, { x: 'x', y: 'y', stroke: ink, strokeWidth: width, ...dashed }),
      ...symbolMarks(
        points.filter(({ isPlain }) => isPlain !== true),
        symbol,
        ink,
      ),
    ]
  })
}

function symbolMarks(
  points: readonly Point[],
  symbol: PlotSymbol | undefined,
  ink: string,
): Markish[] {
  return symbol === undefined ? [] : [dot(points, { x: 'x', y: 'y', symbol, fill: ink, r: 3.2 })]
}

export function keyOf(series: readonly Series[]): Key[] {
  return series.map(({ label, look: { ink, dash, symbol, width } }) => {
    const ends = [
      { x: 0, y: 0 },
      { x: 2, y: 0 },
    ]
    const dashed = dash === undefined ? {} : { strokeDasharray: dash }
    const svg = svgOf('', {
      width: 34,
      height: 14,
      margin: 0,
      x: { axis: null, domain: [0, 2] },
      y: { axis: null, domain: [-1, 1] },
      marks: [
        line(ends, { x: 'x', y: 'y', stroke: ink, strokeWidth: width, ...dashed }),
        ...symbolMarks([{ x: 1, y: 0 }], symbol, ink),
      ],
    })
    return { svg, text: label }
  })
}

/** All values of the lines, their ranges included. */
export function valuesOf(series: readonly Series[]): number[] {
  return series.flatMap(({ points }) =>
    points.flatMap(({ y, low, high }) =>
      [y, low, high].filter((value) => typeof value === 'number'),
    ),
  )
}
