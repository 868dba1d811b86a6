import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatEntry, JsonLineError, parseRecord } from './json-lines.ts'

const parse = (line: string) => parseRecord(Buffer.from(line))

test('what is exported is imported, to the byte', () => {
  const bytes = fc.oneof(
    fc.uint8Array().map((each) => Buffer.from(each)),
    fc.string({ unit: 'binary' }).map((each) => Buffer.from(each)),
  )
  fc.assert(
    fc.property(bytes, bytes, fc.nat(), (key, value, version) => {
      const line = formatEntry({ key, value, version })
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
      expect(parse(line)).toEqual({ key, value })
      expect(parse(formatEntry({ key, value }))).toEqual({ key, value })
    }),
  )
})

test('the form of a line', () => {
  const key = Buffer.from('user:1')
  expect(formatEntry({ key, value: Buffer.from('A"\n'), version: 7 })).toBe(
    '{"key":"user:1","value":"A\\"\\n","version":7}',
  )
  expect(formatEntry({ key, value: Buffer.alloc(0) })).toBe('{"key":"user:1","value":""}')
  expect(formatEntry({ key: Buffer.from([0xff]), value: Buffer.from([0xc3]) })).toBe(
    '{"key64":"/w==","value64":"ww=="}',
  )
  expect(formatEntry({ key })).toBe('{"key":"user:1"}')
})

test.each([
  ['{"a":1}', '{"a":1}'],
  [' { "a" : [ 1 , "x y" , null ] } ', '{"a":[1,"x y",null]}'],
  ['12345678901234567890', '12345678901234567890'],
  ['[1.0, -0, 1e400, 0.1]', '[1.0,-0,1e400,0.1]'],
  ['{"n":{"m":1.50}}', '{"n":{"m":1.50}}'],
  ['{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
  ['"\\ud83c\\udf88"', '🎈'],
  ['""', ''],
  ['true', 'true'],
  ['null', 'null'],
])('a value of %s is stored as %s', (json, stored) => {
  expect(parse(`{"key":"k","value":${json}}`).value.toString()).toBe(stored)
})

test('white space and line breaks of Windows do not matter', () => {
  expect(parse(' {"value" : "v", "key":"k"} \r').key.toString()).toBe('k')
})

test.each([
  ['{"key":"k","value":"v"', /^not valid JSON: /],
  ['{"key":"k","value":}', /^not valid JSON: /],
  ['key,value', /^not valid JSON: /],
  ["{'key':'k'}", /^not valid JSON: /],
  ['{"key":"k","value":"v"}{"key":"l","value":"w"}', /^not valid JSON: /],
  ['{"key":"k","value":"\u0001"}', /^not valid JSON: /],
  ['[{"key":"k","value":"v"}]', /^not a JSON object/],
  ['"k"', /^not a JSON object/],
  ['null', /^not a JSON object/],
  ['7', /^not a JSON object/],
  ['{}', /^no key$/],
  ['{"value":"v"}', /^no key$/],
  ['{"key":"k"}', /^no value$/],
  ['{"key":"k","key64":"aw==","value":"v"}', /^both key and key64$/],
  ['{"key":"k","value":"v","value64":"dg=="}', /^both value and value64$/],
  ['{"key":7,"value":"v"}', /^key is not a string$/],
  ['{"key":null,"value":"v"}', /^key is not a string$/],
  ['{"key64":7,"value":"v"}', /^key64 is not base64$/],
  ['{"key64":"a","value":"v"}', /^key64 is not base64$/],
  ['{"key":"k","value64":"a!=="}', /^value64 is not base64$/],
  ['{"key":"k","value64":{}}', /^value64 is not base64$/],
  [
    '{"key":"\\ud800","value":"v"}',
    /^key has half a surrogate pair: write it as key64, in base64$/,
  ],
  ['{"key":"k","value":"\\udc00"}', /^value has half a surrogate pair/],
  ['{"key":"k","val":"v"}', /^unknown member "val": there are key, key64, value and value64$/],
  ['{"key":"k","value":"v","ttl":1}', /^unknown member "ttl"/],
  ['{"key":"k","value":"v","__proto__":1}', /^unknown member "__proto__"/],
])('%s is refused', (line, message) => {
  expect(() => parse(line)).toThrow(JsonLineError)
  expect(() => parse(line)).toThrow(message)
})

test('bytes that are no UTF-8 are refused, not replaced', () => {
  const line = Buffer.from('{"key":"k\xff","value":"v"}', 'latin1')
  expect(() => parseRecord(line)).toThrow(/^the line is not valid UTF-8$/)
})
