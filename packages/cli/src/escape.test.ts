import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeForTerminal, escapeJson, escapeMessage, escapeToLine } from './escape.ts'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

test.each([
  ['plain', Buffer.from('Grüße 🎈'), 'Grüße 🎈'],
  ['line break, tab, backslash', Buffer.from('a\n\r\t\\'), 'a\\n\\r\\t\\\\'],
  ['escape sequence', Buffer.from('\x1b]0;title\x07'), '\\x1b]0;title\\x07'],
  ['DEL and C1', Buffer.from('\x7f\u009b31m'), '\\x7f\\xc2\\x9b31m'],
  ['right-to-left override', Buffer.from('a\u202eb'), 'a\\xe2\\x80\\xaeb'],
  ['no UTF-8', bytesOf('a\xffb\xc3'), 'a\\xffb\\xc3'],
  [
    'cut and overlong sequences',
    bytesOf('\xe2\x82A\xc0\xaf\xed\xa0\x80\xf5'),
    '\\xe2\\x82A\\xc0\\xaf\\xed\\xa0\\x80\\xf5',
  ],
  [
    'valid text around',
    Buffer.concat([Buffer.from('é'), bytesOf('\xff'), Buffer.from('€\n')]),
    'é\\xff€\\n',
  ],
])('on a line: %s', (_what, bytes, line) => {
  expect(escapeToLine(bytes)).toBe(line)
})

test('for people line breaks, tabs and backslashes stay', () => {
  expect(escapeForTerminal(Buffer.from('a\n\tb\\\r\x1b[2J'))).toBe('a\n\tb\\\\r\\x1b[2J')
})

test('a message is one line', () => {
  expect(escapeMessage('a\nb\x1b[0m')).toBe('a\\nb\\x1b[0m')
})

test('JSON stays the same value', () => {
  const text = 'a\u007f\u009b\u2028\u202e"\\é'
  const escaped = escapeJson(JSON.stringify(text))
  expect(JSON.parse(escaped)).toBe(text)
  expect(escaped).toBe('"a\\u007f\\u009b\\u2028\\u202e\\"\\\\é"')
})

const anyBytes = fc.oneof(
  fc.uint8Array(),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
)

test('no bytes write into a terminal, and printf %b gives them back', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const line = escapeToLine(bytes)
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u)
      expect(escapeForTerminal(bytes).replace(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u)
      expect(unescape(line)).toEqual(Buffer.from(bytes))
    }),
  )
})

/** What `printf %b` does. */
function unescape(line: string): Buffer {
  const short: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' }
  const latin1 = Buffer.from(line).toString('latin1')
  return bytesOf(
    latin1.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_all, hex?: string, letter?: string) =>
      hex === undefined ? short[letter!]! : String.fromCharCode(Number.parseInt(hex, 16)),
    ),
  )
}
