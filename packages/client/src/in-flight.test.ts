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

test('an id that shares its low bits with that of a call finds nothing', () => {
  const calls = new InFlight(1)
  const only = call()
  calls.add(2, only)
  for (let bit = 4; bit < 2 ** 32; bit *= 2)
    expect(calls.take(2 + bit), `bit ${bit}`).toBeUndefined()
  expect(calls.take(2)).toBe(only)
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

test('it holds what a map would, however many calls there are and in whatever order they are answered', () => {
  const random = seeded(7)
  // The last ids are near: it goes over to the first ones early on.
  const calls = new InFlight(0xffff_ff00)
  const model = new Map<number, Call>()
  for (let step = 0; step < 20_000; step++) {
    const wanted = 1_000 * Math.abs(Math.sin(step / 3_000))
    if (model.size < wanted) {
      const id = calls.nextId
      expect(id, 'an id').toSatisfy((each: number) => each >= 1 && !model.has(each))
      const added = call()
      calls.add(id, added)
      model.set(id, added)
    } else {
      const ids = [...model.keys()]
      // Mostly one of the oldest; sometimes any: one that is not answered must not be in the way of others.
      const id = ids[Math.floor(random() ** 4 * ids.length)]!
      expect(calls.take(id)).toBe(model.get(id))
      expect(calls.take(id)).toBeUndefined()
      model.delete(id)
    }
    expect(calls.size).toBe(model.size)
    if (step % 1_000 === 0) expect(calls.unsettled()).toEqual([...model.values()])
  }
})

test('a call given up keeps its place until its answer comes', () => {
  const calls = new InFlight()
  const given = call()
  const wanted = call()
  calls.add(1, given)
  calls.add(2, wanted)
  given.fail(new Error('given up'))
  expect(calls.size).toBe(2)
  expect(calls.unsettled()).toEqual([wanted])
  expect(calls.take(1)).toBe(given)
  expect(calls.size).toBe(1)
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
