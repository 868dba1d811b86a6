import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { parseHTML } from 'linkedom'
import { expect, test } from 'vitest'
import type { RunFile, Timeline, WorkloadRun } from '../results/run-file.ts'
import { type Row, testingRun, testingSubject, testingWorkload } from '../results/testing-run.ts'
import { renderHtml } from './html.ts'

const rows: Row[] = ['kv', 'redis-ioredis', 'etcd'].flatMap((subject, at): Row[] => [
  [subject, 'new, 1 in flight', 'throughput', [10 + at, 12, 11]],
  [subject, 'new, 50 in flight', 'throughput', [1_000, 1_100 * (at + 1), 990]],
  [subject, 'new, 50 in flight', 'p99', [1, 1.1, 0.9 + at]],
])

const timeline: Timeline = {
  sliceMs: 100,
  p50: [1, null, 2],
  p99: [2, null, 4],
  max: [3, null, 9],
  events: [
    { kind: 'merge', fromMs: 50, toMs: 150 },
    { kind: 'sync', fromMs: 210, toMs: 215 },
  ],
}

function histogram(): string {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000 })
  for (let us = 1; us <= 2_000; us++) histogram.recordValue(us)
  return encodeIntoCompressedBase64(histogram)
}

function runOf(more: Partial<WorkloadRun> = {}): RunFile {
  const put = testingWorkload('put', rows, more)
  const samples = put.samples.map((each) => ({ ...each, histogram: histogram() }))
  const merge = testingWorkload('merge', [['kv', 'get, over time', 'p99', [1]]])
  const over = merge.samples.map((each) => ({ ...each, timeline }))
  return testingRun([
    { ...put, samples },
    { ...merge, samples: over },
  ])
}

test('targets, then plots with title, caption and picture, then tables', () => {
  const { document } = parseHTML(renderHtml([runOf()]))
  const titles = [...document.querySelectorAll('figure > h3')].map((each) => each.textContent)
  expect(titles).toEqual([
    'How many times better kv is in operations a second',
    'Operations a second, by operations in flight',
    'Latency: new, 50 in flight',
    'Latency over time: get, over time',
  ])
  for (const figure of document.querySelectorAll('figure')) {
    expect(figure.querySelector('svg[role=img]')?.getAttribute('aria-label')).toMatch(/\w/)
    expect(figure.querySelector('figcaption')?.textContent).toMatch(/\w/)
  }
  const headings = [...document.querySelectorAll('h2')].map((each) => each.textContent)
  expect(headings).toEqual(['Targets', 'Runs', 'the workload put', 'the workload merge'])
})

test('needs nothing but itself, and runs nothing', () => {
  const page = renderHtml([runOf()])
  expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:/)
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
})

test('no picture has a number that is none', () => {
  expect(renderHtml([runOf()])).not.toMatch(/NaN|Infinity|undefined/)
})

test('pictures have no colours of their own but those of the page', () => {
  const { document } = parseHTML(renderHtml([runOf()]))
  const colors = new Set<string>()
  for (const element of document.querySelectorAll('svg, svg *')) {
    for (const name of ['fill', 'stroke']) colors.add(element.getAttribute(name) ?? 'none')
  }
  for (const color of colors) expect(color).toMatch(/^(none|currentColor|var\(--[\w-]+, .+\))$/)
  expect(colors).toContain('var(--redis-ioredis, #8a2a00)')
})

test('whatever a run file says stays text', () => {
  const hostile = `<img src=x onerror="alert('1')">&`
  const subjects = [
    { ...testingSubject('kv'), title: hostile, acknowledges: hostile, options: [hostile] },
    { ...testingSubject(hostile), versions: { [hostile]: hostile } },
  ]
  const named = rows.map((row): Row => {
    const [subject, name, metric, values] = row
    return [subject === 'kv' ? 'kv' : hostile, `${hostile}${name}`, metric, values]
  })
  const workload = testingWorkload(hostile, named, {
    title: hostile,
    parameters: { [hostile]: hostile },
    skipped: [{ subject: hostile, reason: hostile, install: hostile }],
    subjects,
  })
  const run = testingRun([workload], { command: hostile })
  const page = renderHtml([{ ...run, machine: { ...run.machine, cpu: hostile } }])
  expect(page).not.toContain('<img')
  const { document } = parseHTML(page)
  expect(document.querySelectorAll('img, [onerror]').length).toBe(0)
  expect(document.querySelector('h2[id^=workload]')?.textContent).toBe(hostile)
})

test('the same runs give the same bytes, whatever their order', () => {
  const older = runOf()
  const newer = { ...runOf(), startedAt: '2026-02-01T00:00:00.000Z', workloads: [] }
  expect(renderHtml([older, newer])).toBe(renderHtml([newer, older]))
})

test('no runs are an error, not an empty page', () => {
  expect(() => renderHtml([])).toThrow('no runs')
})
