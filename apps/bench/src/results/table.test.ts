import { expect, test } from 'vitest'
import { formatWorkload } from './table.ts'
import { testingRun, testingWorkload } from './testing-run.ts'

test('the headings of the table are words, over several lines', () => {
  const workload = testingWorkload('soak', [['kv', 'mixed load', 'stallP999', [1]]])
  const text = formatWorkload(workload, testingRun([workload]))
  expect(text).toContain('99.9th')
  expect(text).toContain('percentile of')
  expect(text).toContain('event-loop delay')
  expect(text).not.toContain('stallP999')
})
