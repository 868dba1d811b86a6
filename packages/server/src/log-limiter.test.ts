import { expect, test } from 'vitest'
import { type LogLine, recordingLogger } from '../test/test-node.ts'
import { LogLimiter } from './log-limiter.ts'

test('ten lines of a text a second, and how many more there were', () => {
  let now = 0
  const lines: LogLine[] = []
  const limiter = new LogLimiter(recordingLogger(lines), () => now)
  for (let line = 0; line < 1_000; line++) limiter.log('warn', { line }, 'bad')
  limiter.log('warn', {}, 'other')
  expect(lines).toHaveLength(11)
  now = 1_000
  limiter.log('warn', {}, 'bad')
  expect(lines.slice(11)).toMatchObject([
    { msg: 'log lines were left out', leftOut: 990, of: 'bad' },
    { msg: 'bad' },
  ])
})
