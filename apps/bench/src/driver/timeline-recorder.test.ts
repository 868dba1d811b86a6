import { expect, test } from 'vitest'
import { TimelineRecorder } from './timeline-recorder.ts'

test('latencies fall into the slice in which they ended', () => {
  const recorder = new TimelineRecorder(10, 1_000)
  for (const [endedAt, ms] of [
    [1_010, 1],
    [1_020, 3],
    [1_099, 2],
    [1_250, 7],
  ] as const) {
    recorder.record(endedAt, ms)
  }
  expect(recorder.timeline(100)).toEqual({
    sliceMs: 100,
    p50: [2, null, 7],
    p99: [2.98, null, 7],
    max: [3, null, 7],
    events: [],
  })
})

test('what does not fit is not kept', () => {
  const recorder = new TimelineRecorder(1, 0)
  recorder.record(10, 1)
  recorder.record(20, 9)
  expect(recorder.timeline(100).max).toEqual([1])
})
