import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Lanes, poolThreads } from './lanes.ts'

test('no more than there are lanes run at once, in the order they came', async () => {
  const lanes = new Lanes(3)
  const ends: (() => void)[] = []
  const began: number[] = []
  const all = Array.from({ length: 3_000 }, (_, place) =>
    lanes.run(() => {
      began.push(place)
      return new Promise<number>((resolve) => ends.push(() => resolve(place)))
    }),
  )
  for (let ended = 0; ended < 3_000; ended++) {
    expect(lanes.underWay).toBe(Math.min(3, 3_000 - ended))
    expect(lanes.waiting).toBe(Math.max(0, 2_997 - ended))
    ends[ended]!()
    await all[ended]
    await setImmediate()
  }
  expect(began).toEqual(Array.from({ length: 3_000 }, (_, place) => place))
  expect(await Promise.all(all)).toEqual(began)
  expect(lanes.underWay).toBe(0)
})

test('one that fails leaves its lane', async () => {
  const lanes = new Lanes(1)
  const failing = lanes.run(() => Promise.reject(new Error('no')))
  const next = lanes.run(() => Promise.resolve('yes'))
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
  expect(lanes).toMatchObject({ underWay: 0, waiting: 0 })
})

test('the pool has the threads that the environment says', () => {
  expect(poolThreads({})).toBe(4)
  expect(poolThreads({ UV_THREADPOOL_SIZE: '16' })).toBe(16)
  expect(poolThreads({ UV_THREADPOOL_SIZE: '0' })).toBe(4)
  expect(poolThreads({ UV_THREADPOOL_SIZE: 'many' })).toBe(4)
})
