import { expect, test } from 'vitest'
import { answerSamples, requestSamples } from '../test/samples.ts'
import { describeAnswer, describeKey, describeRequest } from './describe.ts'
import { KvError } from './errors.ts'

test('requests, a line each', () => {
  expect(requestSamples.map((sample, index) => describeRequest(index + 1, sample))).toEqual([
    '#1 hello versions=1,2 client="kv-client/0.1.0"',
    '#2 ping',
    '#3 put "user:1" value=3B',
    '#4 put "user:1" value=3B timeout=1000ms',
    '#5 get "user:1"',
    '#6 getMany keys=3',
    '#7 delete "user:1"',
    '#8 batch operations=3',
    '#9 range gt="user:1" prefix="user:" reverse limit=100',
    '#10 stats timeout=5ms',
    '#11 merge now',
    '#12 merge resume',
  ])
})

test('answers, a line each', () => {
  expect(answerSamples.map((sample, index) => describeAnswer(index + 1, sample))).toEqual([
    '#1 hello ok version=1 node="n1" cluster="c1"',
    '#2 ping ok index=9007199254740991',
    '#3 put ok version=41 term=3 synced',
    '#4 get ok version=41 value=3B',
    '#5 get ok not found',
    '#6 getMany ok found=1/2',
    '#7 delete ok existed=true version=42 term=3 majority',
    '#8 delete ok existed=false version=none term=3 written',
    '#9 batch ok version=43 term=3 synced',
    '#10 range ok entries=1 more',
    '#11 range ok entries=1',
    '#12 stats ok',
    '#13 merge ok',
    '#14 error "KV_NOT_LEADER": "another node leads"',
    '#15 error "KV_TRY_LATER": "too many requests in flight"',
  ])
})

test('neither keys nor what a peer says can write control characters', () => {
  expect(describeKey(Buffer.from('a\u001b[2J\n"\\é'))).toBe('"a\\x1b[2J\\x0a\\x22\\x5c\\xc3\\xa9"')
  expect(describeKey(Buffer.alloc(40, 0x61))).toBe(`"${'a'.repeat(32)}…" (40B)`)
  expect(describeAnswer(1, new KvError('KV_INTERNAL', 'x\nroot: ok'))).toContain('x\\x0aroot')
})

test('a range without bounds is everything', () => {
  expect(describeRequest(1, { kind: 'range', bounds: {}, reverse: false, keysOnly: true })).toBe(
    '#1 range all keysOnly limit=default',
  )
})

test('no line shows a value or a token', () => {
  const value = Buffer.from('canary')
  const lines = [
    describeRequest(1, { kind: 'put', key: value.subarray(0, 0), value }),
    describeRequest(1, { kind: 'hello', versions: [1], clientName: 'c', token: 'canary' }),
    describeAnswer(1, { kind: 'get', found: { value, version: 1 } }),
    describeAnswer(1, { kind: 'stats', stats: { canary: 1 } }),
  ]
  for (const line of lines) expect(line).not.toContain('canary')
})
