import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { HintCursor } from './hint-cursor.ts'
import { openHint, writeHint } from './hint-file.ts'
import { type HintImage, HintImageEncoder } from './hint-image.ts'
import { neverExpires, recordKind } from './record.ts'

const footerCrc = 0xf1f2f3f4
const path = '/data/0000000000000007.hint'

test('a written hint is read back', async () => {
  const disk = await diskWithHint(imageOf(['a', 'b', 'c']))
  expect(await keysIn(disk)).toEqual(['a', 'b', 'c'])
  expect(await keysIn(await diskWithHint(imageOf([])))).toEqual([])
})

test('a hint longer than the window is walked whole, over short reads', async () => {
  const keys = Array.from({ length: 30 }, (_, place) => String(place).padStart(20_000, '0'))
  const disk = await diskWithHint(imageOf(keys))
  disk.shortenAt({ at: ({ kind }) => kind === 'read', sticky: true })
  expect(await keysIn(disk)).toEqual(keys)
})

test('a hint that is missing, or of another file, is as good as none', async () => {
  const disk = await diskWithHint(imageOf(['a']))
  expect(await openHint(disk, '/data', 8, footerCrc)).toBeUndefined()
  expect(await openHint(disk, '/data', 7, footerCrc + 1)).toBeUndefined()
  expect(disk.openFiles).toBe(0)
})

test('a damaged hint is as good as none, and no descriptor is left', async () => {
  const whole = (await diskWithHint(imageOf(['a', 'b', 'c']))).files().get(path)!
  const disk = new SimFileSystem()
  for (const [, damage] of damages) {
    for (const bytes of damage(whole)) {
      if (sameBytes(bytes, whole)) continue
      disk.poke(path, bytes)
      expect(await openHint(disk, '/data', 7, footerCrc)).toBeUndefined()
    }
  }
  expect(disk.openFiles).toBe(0)
})

test('a hint that cannot be read is as good as none', async () => {
  const disk = await diskWithHint(imageOf(['a']))
  for (const kind of ['open', 'read']) {
    disk.failAt({ at: (operation) => operation.kind === kind, code: 'EIO' })
    expect(await openHint(disk, '/data', 7, footerCrc)).toBeUndefined()
  }
  expect(disk.openFiles).toBe(0)
})

async function diskWithHint(image: HintImage): Promise<SimFileSystem> {
  const disk = new SimFileSystem()
  await disk.makeDirectory('/data')
  await writeHint(disk, '/data', 7, image, footerCrc)
  return disk
}

function imageOf(keys: readonly string[]): HintImage {
  const encoder = new HintImageEncoder()
  for (const key of keys) {
    const entry = { kind: recordKind.put, offset: 64, size: 29, index: 1, expiresAt: neverExpires }
    encoder.add({ ...entry, key: Buffer.from(key) })
  }
  return encoder.finish()
}

async function keysIn(disk: SimFileSystem): Promise<string[]> {
  const cursor = HintCursor.overFile(0, (await openHint(disk, '/data', 7, footerCrc))!)
  const keys: string[] = []
  while (await cursor.advance()) keys.push(cursor.entry.key.toString())
  await cursor.close()
  expect(disk.openFiles).toBe(0)
  return keys
}
