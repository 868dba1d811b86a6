import { expect, test } from 'vitest'
import { ReadGate } from './read-gate.ts'

const mebi = 1024 * 1024

function fill(gate: ReadGate, bytes: number): number {
  let begun = 0
  for (; !gate.isFull; begun++) gate.begin(bytes)
  return begun
}

test('admits 64 small reads at once', () => {
  expect(fill(new ReadGate(64 * mebi), 1)).toBe(64)
})

test('admits fewer when they are large, from the first one on', () => {
  expect(fill(new ReadGate(64 * mebi), 16 * mebi)).toBe(4)
  expect(fill(new ReadGate(64 * mebi), 1024 * mebi)).toBe(1)
})

test('is as before once they have ended', () => {
  const gate = new ReadGate(64 * mebi)
  for (let read = fill(gate, 16 * mebi); read > 0; read--) gate.end(16 * mebi)
  expect(gate.expectedBytes).toBe(0)
  expect(fill(gate, 1)).toBe(64)
})

test('calls who waits in turn, once half of it is free', () => {
  const gate = new ReadGate(64 * mebi)
  fill(gate, 1)
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
