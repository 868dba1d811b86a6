import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { parseHTML } from 'linkedom'
import { expect, test } from 'vitest'
import { type Row, testingWorkload } from '../results/testing-run.ts'
import type { Plot } from './plot.ts'
import { plotsOf } from './plots.ts'

function textsOf({ svg }: Plot): string[] {
  const { document } = parseHTML(`<body>${svg}</body>`)
  return [...document.querySelectorAll('text')]
    .map((each) => each.textContent ?? '')
    .filter(Boolean)
}

function histogramOf(...us: number[]): string {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000 })
  for (const each of us) histogram.recordValue(each)
  return encodeIntoCompressedBase64(histogram)
}

test('the ratio plot names cases and peers, writes the ratios and marks 1×', () => {
  const [plot] = plotsOf(
    testingWorkload('ycsb', [
      ['kv', 'A', 'throughput', [200, 220]],
      ['etcd', 'A', 'throughput', [100, 100]],
      ['kv', 'B', 'throughput', [50, 50]],
      ['etcd', 'B', 'throughput', [100, 100]],
    ]),
  )
  const texts = textsOf(plot!)
  for (const text of ['A', 'B', 'etcd', '2.1×', '0.5×', '1×', '← peer ahead', 'kv ahead →']) {
    expect(texts).toContain(text)
  }
})

test('a ratio of nothing has no place in the plot', () => {
  const plots = plotsOf(
    testingWorkload('idle', [
      ['kv', 'empty', 'cpuShare', [0, 0]],
      ['etcd', 'empty', 'cpuShare', [1, 1]],
      ['kv', 'busy', 'cpuShare', [1, 1]],
      ['etcd', 'busy', 'cpuShare', [0, 0]],
    ]),
  )
  expect(plots).toEqual([])
})

test('a curve needs two places on its axis', () => {
  const rows: Row[] = [['kv', 'a, 1 in flight', 'throughput', [1]]]
  expect(plotsOf(testingWorkload('get', rows))).toEqual([])
  const more: Row[] = [...rows, ['kv', 'a, 50 in flight', 'throughput', [9]]]
  expect(plotsOf(testingWorkload('get', more)).map(({ title }) => title)).toEqual([
    'Operations a second, by operations in flight',
  ])
})

test('of one store the variants of an axis share a plot', () => {
  const ends = ['kill -9', 'clean close']
  const workload = testingWorkload(
    'open',
    ends.flatMap((end): Row[] => [
      ['kv-embedded', `${end}, few`, 'openTime', [1, 2]],
      ['kv-embedded', `${end}, many`, 'openTime', [10, 20]],
    ]),
  )
  const cases = workload.cases.map((each) => {
    const [end, size] = each.name.split(', ')
    return { ...each, axis: { name: `keys, ${end}`, value: size === 'few' ? 100_000 : 10_000_000 } }
  })
  const [plot, ...others] = plotsOf({ ...workload, cases })
  expect(others).toEqual([])
  expect(plot?.title).toBe('Time to open, by number of keys')
  expect(plot?.key.map(({ text }) => text)).toEqual(ends)
  expect(textsOf(plot!)).toEqual(expect.arrayContaining(['100 k', '10 M', 'number of keys']))
})

test('latencies of all rounds are merged into one line a store', () => {
  const workload = testingWorkload('latency', [['kv', 'get, 1,000/s', 'p50', [1, 1]]])
  const samples = workload.samples.map((each, at) => ({
    ...each,
    histogram: at === 0 ? histogramOf(100, 100, 100) : histogramOf(2_000),
  }))
  const [plot] = plotsOf({ ...workload, samples })
  expect(plot?.title).toBe('Latency: get, 1,000/s')
  expect(plot?.numbers?.rows).toEqual([
    { cells: ['the subject kv', '4', '0.1 ms', '2 ms', '2 ms', '2 ms', '2 ms', '2 ms'] },
  ])
})

test('over time the round with the median p99 is shown, with merges and syncs', () => {
  const workload = testingWorkload('merge', [['kv', 'over time', 'p99', [1, 9, 2]]])
  const samples = workload.samples.map((each) => ({
    ...each,
    timeline: {
      sliceMs: 1_000,
      p50: [1, null],
      p99: [2, null],
      max: [3, null],
      events: [
        { kind: 'merge' as const, fromMs: 100, toMs: 900 },
        { kind: 'sync' as const, fromMs: 1_500, toMs: 1_510 },
      ],
    },
  }))
  const [plot] = plotsOf({ ...workload, samples })
  expect(plot?.caption).toContain('round 3')
  expect(textsOf(plot!)).toContain('merge')
  expect(plot?.key.map(({ text }) => text)).toEqual([
    'p50',
    'p99',
    'longest',
    'a merge is running',
    'a sync began',
  ])
  expect(plot?.numbers?.rows.map(({ cells }) => cells)).toEqual([
    ['0 s', '1 ms', '2 ms', '3 ms', 'merge'],
    ['1 s', '–', '–', '–', 'sync'],
  ])
})
