import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOfBase64, decodeArgument, decodeContent, encodeToLine } from './encoding.ts'

test('hex and base64 give back any bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.constantFrom('hex' as const, 'base64' as const),
      (bytes, encoding) => {
        const decoded = decodeArgument(encodeToLine(bytes, encoding), encoding, 'it')
        expect(decoded).toEqual(Buffer.from(bytes))
      },
    ),
  )
})

test('text is UTF-8', () => {
  expect(decodeArgument('schön 🎈', 'text', 'the key').toString('hex')).toBe(
    '736368c3b66e20f09f8e88',
  )
})

test.each([
  [
    'text',
    'a\ufffdb',
    'the key is not valid UTF-8, or holds U+FFFD: write it with the encoding hex or base64',
  ],
  [
    'text',
    '\ud800',
    'the key is not valid UTF-8, or holds U+FFFD: write it with the encoding hex or base64',
  ],
  ['hex', 'a', 'the key is not hex: write two digits from 0-9a-f for each byte'],
  ['hex', '0x61', 'the key is not hex: write two digits from 0-9a-f for each byte'],
  ['hex', '6 1', 'the key is not hex: write two digits from 0-9a-f for each byte'],
  ['base64', 'YQ=', 'the key is not base64'],
  ['base64', 'Y', 'the key is not base64'],
  ['base64', 'YR==', 'the key is not base64'],
  ['base64', 'Y Q==', 'the key is not base64'],
  ['base64', 'é', 'the key is not base64'],
] as const)('%s does not take %j', (encoding, text, message) => {
  expect(() => decodeArgument(text, encoding, 'the key')).toThrow(
    expect.objectContaining({ code: 'CLI_USAGE', message }),
  )
})

test('base64 in both alphabets, with padding or without', () => {
  for (const text of ['+/8=', '-_8=', '+/8', '-_8']) {
    expect(bytesOfBase64(text)).toEqual(Buffer.from([0xfb, 0xff]))
  }
  expect(bytesOfBase64('')).toEqual(Buffer.alloc(0))
})

test('a file in text is its bytes; in hex and base64 white space around it does not count', () => {
  const bytes = Buffer.from([0xff, 0x0a])
  expect(decodeContent(bytes, 'text', 'f')).toEqual(bytes)
  expect(decodeContent(Buffer.from(' ff0a\n'), 'hex', 'f')).toEqual(bytes)
  expect(decodeContent(Buffer.from('/wo=\r\n'), 'base64', 'f')).toEqual(bytes)
})
