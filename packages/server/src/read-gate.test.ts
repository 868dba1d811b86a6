import { expect, test } from 'vitest'
import { ReadGate } from './read-gate.ts'

const mebi = 1024 * 1024

function fill(gate: ReadGate): number {
  let begun = 0
  for (; !gate.isFull; begun++) gate.begin()
  return begun
}

test('admits 64 small reads at once', () => {
  expect(fill(new ReadGate(64 * mebi))).toBe(64)
})

test('admits fewer once they are large, but four always', () => {
  const gate = new ReadGate(64 * mebi)
  gate.begin()
  gate.end(4 * mebi)
  expect(fill(gate)).toBe(16)
  for (let read = 0; read < 16; read++) gate.end(1024 * mebi)
  expect(fill(gate)).toBe(4)
})

test('forgets large ones in time', () => {
  const gate = new ReadGate(64 * mebi)
  gate.begin()
  gate.end(64 * mebi)
  for (let read = 0; read < 600; read++) {
    gate.begin()
    gate.end(100)
  }
  expect(fill(gate)).toBe(64)
})

test('calls who waits in turn, once half of them have ended', () => {
  const gate = new ReadGate(64 * mebi)
  fill(gate)
  const called: string[] = []
  gate.wait(() => called.push('first'))
  gate.wait(() => called.push('second'))
  for (let read = 0; read < 31; read++) gate.end(1)
  expect(called).toEqual([])
  gate.end(1)
  expect(called).toEqual(['first', 'second'])
  gate.end(1)
  expect(called).toHaveLength(2)
})
