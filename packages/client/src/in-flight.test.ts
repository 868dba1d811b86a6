import { expect, test } from 'vitest'
import { Call } from './call.ts'
import { InFlight } from './in-flight.ts'

const nobody = { settled() {}, cancelled() {}, read() {}, resolve() {}, reject() {} }

function call(): Call {
  return new Call(nobody, { kind: 'ping' }, nobody, 1_000, undefined)
}

test('a call is found by its id, once', () => {
  const calls = new InFlight(1)
  const first = call()
  expect(calls.nextId).toBe(2)
  calls.add(2, first)
  expect(calls.take(3)).toBeUndefined()
  expect(calls.take(2)).toBe(first)
  expect(calls.take(2)).toBeUndefined()
})

test('an id is not used again while others were not used', () => {
  const calls = new InFlight(1)
  calls.add(2, call())
  calls.take(2)
  expect(calls.nextId).toBe(3)
})

test('after the last id comes the first that is free', () => {
  const calls = new InFlight(0)
  calls.add(1, call())
  calls.add(2, call())
  calls.add(0xffff_ffff, call())
  expect(calls.nextId).toBe(3)
})

test('a call given up keeps its place until its answer comes', () => {
  const calls = new InFlight()
  const given = call()
  const wanted = call()
  calls.add(1, given)
  calls.add(2, wanted)
  given.fail(new Error('given up'))
  expect(calls.size).toBe(2)
  expect([...calls.unsettled()]).toEqual([wanted])
  expect(calls.take(1)).toBe(given)
  expect(calls.size).toBe(1)
})
