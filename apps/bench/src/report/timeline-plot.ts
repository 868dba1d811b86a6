/** Latency over time, with what else the store was doing. */
import { axisX, type Markish, rectY, ruleX, text } from '@observablehq/plot'
import { formatValue } from '../results/format-value.ts'
import type { Sample, Timeline, TimelineEvent, WorkloadRun } from '../results/run-file.ts'
import { spreadOf } from '../results/spread.ts'
import type { SubjectRecord } from '../results/subject-record.ts'
import { logValueAxis } from './axis.ts'
import { type Key, type Plot, svgOf } from './plot.ts'
import { keyOf, lookOfVariant, marksOf, type Series, valuesOf } from './series.ts'
import type { Table } from './table.ts'

/** One for each store and case that has a timeline: of the round whose p99 is the median one. */
export function timelinePlots(workload: WorkloadRun): Plot[] {
  const withTimeline = workload.samples.filter(({ timeline }) => timeline !== undefined)
  const groups = Map.groupBy(withTimeline, (each) => JSON.stringify([each.subject, each.case]))
  return [...groups.values()].map((samples) => {
    const sample = medianSample(samples)
    const subject = workload.subjects.find(({ name }) => name === sample.subject)
    return plotOf(sample, sample.timeline!, subject)
  })
}

function medianSample(samples: readonly Sample[]): Sample {
  const { median } = spreadOf(samples.map(p99))
  return samples.reduce((best, each) =>
    Math.abs(p99(each) - median) < Math.abs(p99(best) - median) ? each : best,
  )
}

function p99(sample: Sample): number {
  return sample.values.p99 ?? 0
}

function plotOf(sample: Sample, timeline: Timeline, subject: SubjectRecord | undefined): Plot {
  const { sliceMs, events } = timeline
  const series = (['p50', 'p99', 'max'] as const).map(
    (name, at): Series => ({
      label: name === 'max' ? 'longest' : name,
      look: { ...lookOfVariant(at), symbol: undefined, width: at === 1 ? 2 : 1.2 },
      points: timeline[name].map((y, slice) => ({
        x: ((slice + 0.5) * sliceMs) / 1_000,
        y: y === null ? null : Math.max(0.001, y),
      })),
    }),
  )
  const y = logValueAxis(valuesOf(series), 'ms')
  const title = `Latency over time: ${sample.case}`
  const end = (timeline.p50.length * sliceMs) / 1_000
  return {
    title,
    caption: `${subject?.title ?? sample.subject}, round ${sample.round}: the one whose p99 is the median of all rounds. Each point is a slice of ${formatValue(sliceMs, 'ms')}. The vertical axis is logarithmic.`,
    svg: svgOf(title, {
      height: 280,
      marginLeft: 64,
      marginRight: 24,
      marginBottom: 42,
      marginTop: 26,
      x: { domain: [0, end] },
      y: y.scale,
      marks: [
        ...eventMarks(events, y.scale.domain),
        ...y.marks,
        axisX({
          ticks: 6,
          tickSize: 0,
          tickFormat: (second: number) => formatValue(second, 's'),
          label: 'time',
          labelAnchor: 'center',
          labelArrow: 'none',
        }),
        ...marksOf(series),
      ],
    }),
    key: [...keyOf(series), ...eventKeys(events)],
    numbers: numbersOf(timeline),
  }
}

const bandOpacity = 0.13

/** Merges as bands of full height, syncs as ticks at the foot. */
function eventMarks(
  events: readonly TimelineEvent[],
  [low, high]: readonly [number, number],
): Markish[] {
  const merges = inSeconds(events, 'merge')
  const syncs = inSeconds(events, 'sync')
  const foot = low * (high / low) ** 0.04
  return [
    rectY(merges, {
      x1: 'from',
      x2: 'to',
      y1: low,
      y2: high,
      fill: 'currentColor',
      fillOpacity: bandOpacity,
    }),
    text(merges, {
      x: ({ from, to }: { from: number; to: number }) => (from + to) / 2,
      y: high,
      text: () => 'merge',
      dy: -8,
    }),
    ruleX(syncs, { x: 'from', y1: low, y2: foot, stroke: 'currentColor', strokeWidth: 1.5 }),
  ]
}

function inSeconds(events: readonly TimelineEvent[], kind: TimelineEvent['kind']) {
  return events
    .filter((each) => each.kind === kind)
    .map(({ fromMs, toMs }) => ({ from: fromMs / 1_000, to: toMs / 1_000 }))
}

function eventKeys(events: readonly TimelineEvent[]): Key[] {
  const keys: Key[] = []
  const area = {
    width: 34,
    height: 14,
    margin: 0,
    x: { axis: null, domain: [0, 2] },
    y: { axis: null, domain: [0, 2] },
  } as const
  if (events.some(({ kind }) => kind === 'merge')) {
    const mark = rectY([0], {
      x1: 0,
      x2: 2,
      y1: 0,
      y2: 2,
      fill: 'currentColor',
      fillOpacity: bandOpacity,
    })
    keys.push({ svg: svgOf('', { ...area, marks: [mark] }), text: 'a merge is running' })
  }
  if (events.some(({ kind }) => kind === 'sync')) {
    const mark = ruleX([0.5, 1, 1.5], { y1: 0, y2: 1, stroke: 'currentColor', strokeWidth: 1.5 })
    keys.push({ svg: svgOf('', { ...area, marks: [mark] }), text: 'a sync began' })
  }
  return keys
}

function numbersOf({ sliceMs, p50, p99, max, events }: Timeline): Table {
  const titles = ['from', 'p50', 'p99', 'longest']
  return {
    columns: [
      ...titles.map((title) => ({ title, isNumber: true as const })),
      { title: 'meanwhile' },
    ],
    rows: p50.map((_, slice) => {
      const from = slice * sliceMs
      const during = events.filter((each) => each.fromMs < from + sliceMs && each.toMs >= from)
      return {
        cells: [
          formatValue(from / 1_000, 's'),
          ...[p50, p99, max].map((values) => formatSlice(values[slice])),
          [...new Set(during.map(({ kind }) => kind))].join(', '),
        ],
      }
    }),
  }
}

function formatSlice(ms: number | null | undefined): string {
  return typeof ms === 'number' ? formatValue(ms, 'ms') : '–'
}
