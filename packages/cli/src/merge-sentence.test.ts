import { expect, test } from 'vitest'
import { describeMerge } from './merge-sentence.ts'

const report = {
  inputFiles: 3,
  inputBytes: 3_145_728,
  outputFiles: 1,
  outputBytes: 1_048_576,
  liveRecords: 1_000,
  droppedRecords: 1,
}

test('what went in, what came out, what it took and what it brought', () => {
  expect(describeMerge(report, 12.4)).toBe(
    'merged 3 files of 3 MiB into 1 file of 1 MiB in 12.4 ms: 2 MiB freed, 1,000 records kept, 1 record dropped',
  )
})

test('a merge may cost space, and there may be nothing to do', () => {
  expect(describeMerge({ ...report, outputBytes: 3_146_752 }, 1)).toContain(': 1 KiB more, ')
  expect(describeMerge({ ...report, inputFiles: 0 }, 1)).toBe('there was nothing to merge')
})

test('of what is missing or strange in the report nothing is made up', () => {
  expect(describeMerge({ inputFiles: 2, inputBytes: 'many' }, 1)).toContain('merged 2 files of 0 B')
})
