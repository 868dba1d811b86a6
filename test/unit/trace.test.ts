import { expect, test } from 'vitest'
import {
  bytesWritten,
  descriptorOf,
  lastNumberOf,
  parseTrace,
  stringsOf,
} from '../drills/strace/trace.ts'
import { hex } from './trace-hex.ts'

test('a call in one line begins and ends', () => {
  const line = `7 1.5 pwrite64(21<${hex('/d/log')}>, "${hex('a, = b')}", 6, 64) = 6\n`
  const [begin, end, ...rest] = parseTrace(line)
  expect([begin?.type, end?.type, rest]).toEqual(['begin', 'end', []])
  const call = begin!.call
  expect(call).toMatchObject({ thread: 7, name: 'pwrite64', begin: 0, end: 1, result: 6 })
  expect(descriptorOf(call)).toEqual({ number: 21, of: '/d/log' })
  expect(lastNumberOf(call)).toBe(64)
  expect(bytesWritten(call).toString()).toBe('a, = b')
})

test('a call that another thread comes between takes two lines, and ends in the second', () => {
  const calls = parseTrace(
    [
      `7 1.1 fdatasync(21<${hex('/d')}> <unfinished ...>`,
      `8 1.2 write(30<TCP:[127.0.0.1:1->127.0.0.1:2]>, "${hex('x')}", 1) = 1`,
      '7 1.3 <... fdatasync resumed>)         = 0',
      '',
    ].join('\n'),
  )
  expect(calls.map(({ type, call }) => `${type} ${call.name}`)).toEqual([
    'begin fdatasync',
    'begin write',
    'end write',
    'end fdatasync',
  ])
  expect(descriptorOf(calls[0]!.call)).toEqual({ number: 21, of: '/d' })
  expect(descriptorOf(calls[1]!.call)?.of).toBe('TCP:[127.0.0.1:1->127.0.0.1:2]')
})

test('an error has no result, and one that strace made is known', () => {
  const [begin] = parseTrace(
    `7 1.1 pwrite64(3<${hex('/d')}>, "${hex('x')}", 1, 0) = -1 EIO (Input/output error) (INJECTED)\n`,
  )
  expect(begin!.call).toMatchObject({ error: 'EIO', result: undefined, isTamperedWith: true })
  expect(bytesWritten(begin!.call)).toHaveLength(0)
})

test('a call in which the process, or strace, was killed never ends', () => {
  for (const end of ['= ?\n7 1.2 +++ killed by SIGKILL +++\n', '']) {
    const events = parseTrace(`7 1.1 rename("${hex('/a')}", "${hex('/b')}") ${end}`)
    expect(events).toHaveLength(1)
    expect(events[0]!.call).toMatchObject({ end: Number.POSITIVE_INFINITY, result: undefined })
    expect(stringsOf(events[0]!.call).map(String)).toEqual(['/a', '/b'])
  }
})

test('a call that a killed thread did not come to make is none', () => {
  const lines = ['7 1.1 ???( <unfinished ...>', '7 1.2 <... ??? resumed>) = ?', '']
  expect(parseTrace(lines.join('\n'))).toEqual([])
})

test('bytes that strace cut off are refused, and so is what is no trace', () => {
  const [begin] = parseTrace(`7 1.1 write(3<${hex('/d')}>, "${hex('x')}"..., 9) = 9\n`)
  expect(() => stringsOf(begin!.call)).toThrow('more bytes')
  expect(() => parseTrace('hello\n')).toThrow('no trace')
  expect(() => parseTrace('7 1.1 <... fsync resumed>) = 0\n')).toThrow('has not begun')
})
