import { closeSync, fstatSync, openSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { SpareDescriptors } from './spare-descriptors.ts'

const outOfDescriptors = Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
const opened: number[] = []

afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor)
})

test('spares are held while a store is open, and given to whoever finds none free', () => {
  const spares = new SpareDescriptors()
  spares.hold()
  spares.hold()
  expect(spares.count).toBe(4)
  const descriptor = spares.open(openOne, outOfDescriptors)
  expect(fstatSync(descriptor).isCharacterDevice()).toBe(true)
  expect(spares.count).toBe(3)
  spares.refill()
  expect(spares.count).toBe(4)
  spares.letGo()
  expect(spares.count).toBe(4)
  spares.letGo()
  expect(spares.count).toBe(0)
  spares.refill()
  expect(spares.count).toBe(0)
})

test('another thread that is faster costs one more spare, and the last one ends in the error', () => {
  const spares = new SpareDescriptors()
  spares.hold()
  let attempts = 0
  const descriptor = spares.open(() => {
    if (++attempts < 3) throw outOfDescriptors
    return openOne()
  }, outOfDescriptors)
  expect(descriptor).toBeGreaterThan(2)
  expect(spares.count).toBe(1)
  const fails = (): number => {
    throw outOfDescriptors
  }
  expect(() => spares.open(fails, outOfDescriptors)).toThrow(outOfDescriptors)
  expect(spares.count).toBe(0)
  expect(() => spares.open(openOne, outOfDescriptors)).toThrow(outOfDescriptors)
  spares.letGo()
})

test('no spare is spent on another failure', () => {
  const spares = new SpareDescriptors()
  spares.hold()
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
  expect(() => spares.open(openOne, missing)).toThrow(missing)
  expect(spares.count).toBe(4)
  const fails = (): number => {
    throw missing
  }
  expect(() => spares.open(fails, outOfDescriptors)).toThrow(missing)
  expect(spares.count).toBe(3)
  spares.letGo()
})

function openOne(): number {
  const descriptor = openSync('/dev/null', 'r')
  opened.push(descriptor)
  return descriptor
}
