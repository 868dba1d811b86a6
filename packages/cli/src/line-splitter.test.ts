import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

function split(chunks: readonly Buffer[], lineBytesMax = 1_000): string[] {
  const splitter = new LineSplitter(lineBytesMax)
  const lines = [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()]
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_line, index) => index + 1))
  return lines.map(({ bytes }) => bytes.toString('latin1'))
}

test('lines do not depend on how the bytes come in', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', 'é') })
  fc.assert(
    fc.property(text, fc.array(fc.nat(40)), (content, cuts) => {
      const bytes = Buffer.from(content)
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b)]
      const chunks = places.map((from, index) => bytes.subarray(from, places[index + 1]))
      const expected = bytes.toString('latin1').split('\n')
      if (expected.at(-1) === '') expected.pop()
      expect(split(chunks)).toEqual(expected)
    }),
  )
})

test('a byte order mark at the start is read over, even in two pieces; elsewhere it stays', () => {
  const mark = Buffer.from('\ufeff')
  expect(split([mark.subarray(0, 2), mark.subarray(2), Buffer.from('a\nb')])).toEqual(['a', 'b'])
  expect(split([Buffer.from('a\n'), mark])).toEqual(['a', mark.toString('latin1')])
})

test('a line may be as long as the limit, and not a byte longer, with a line break or without', () => {
  expect(split([Buffer.from('abcd\nef')], 4)).toEqual(['abcd', 'ef'])
  for (const text of ['ok\nabcde\n', 'ok\nabcde', 'ok\nabcdefghij']) {
    expect(() => split([Buffer.from(text)], 4)).toThrow(
      expect.objectContaining({ line: 2, message: 'the line is over 4 bytes' }),
    )
    const bytes = Array.from(text, (each) => Buffer.from(each))
    expect(() => split(bytes, 4)).toThrow(expect.objectContaining({ line: 2 }))
  }
})
