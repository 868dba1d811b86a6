import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { FileWindow } from './file-window.ts'

const content = Buffer.from(Array.from({ length: 300 }, (_, place) => place % 251))

test('every view shows the bytes of the file, over short reads', async () => {
  const views = fc.array(fc.tuple(fc.nat(320), fc.nat(320)), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(views, fc.integer({ min: 1, max: 400 }), async (views, windowBytes) => {
      const disk = diskWithContent()
      disk.shortenAt({ at: ({ kind }) => kind === 'read', sticky: true })
      const window = new FileWindow(await disk.openForReading('/f'), content.length, windowBytes)
      for (const [position, length] of views) {
        if (position > content.length) continue
        const expected = content.subarray(position, position + length)
        expect((await window.view(position, length)).equals(expected)).toBe(true)
        expect(window.viewNow(position, length)?.equals(expected)).toBe(true)
      }
    }),
  )
})

test('nothing is read that the window holds', async () => {
  const disk = diskWithContent()
  const window = new FileWindow(await disk.openForReading('/f'), content.length, 100)
  await window.view(0, 10)
  const { operations } = disk
  await window.view(90, 10)
  expect(disk.operations).toBe(operations)
  expect(window.viewNow(91, 10)).toBeUndefined()
})

test('nothing at or behind its end is shown', async () => {
  const window = new FileWindow(await diskWithContent().openForReading('/f'), 50)
  expect(await window.view(40, 100)).toHaveLength(10)
  expect(await window.view(50, 100)).toHaveLength(0)
})

test('a file that is shorter than it was shows what is left', async () => {
  const window = new FileWindow(await diskWithContent().openForReading('/f'), 1_000)
  expect(await window.view(290, 100)).toHaveLength(10)
})

function diskWithContent(): SimFileSystem {
  const disk = new SimFileSystem()
  disk.poke('/f', content)
  return disk
}
