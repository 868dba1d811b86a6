import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex } from '../test/hex.ts'
import { encodeCheckedJson } from './checked-json.ts'
import {
  decodeManifest,
  emptyManifest,
  encodeManifest,
  type Manifest,
  type ManifestFile,
} from './manifest.ts'

const manifest: Manifest = {
  formatVersion: 1,
  files: [
    {
      id: 3,
      bytes: 1_000,
      records: 9,
      tombstoneBytes: 58,
      lowestIndex: 2,
      highestIndex: 40,
      lowestKey: Buffer.from([0, 0xff]),
      highestKey: Buffer.from('z'),
      footerCrc: 0xf1f2f3f4,
    },
  ],
  logStart: { index: 41, term: 2, chain: 0xc1c2c3c4 },
  mergedAt: 50,
  nextId: 4,
}
const golden = Buffer.concat([
  fromHex(`
    c3 c1 32 64              crc32 of all that follows
    00 01 00 00              length of the text
  `),
  Buffer.from(
    '{"formatVersion":1,' +
      '"files":[{"id":3,"bytes":1000,"records":9,"tombstoneBytes":58,"lowestIndex":2,"highestIndex":40,' +
      '"lowestKey":"AP8=","highestKey":"eg==","footerCrc":4059231220}],' +
      '"logStart":{"index":41,"term":2,"chain":3250766788},"mergedAt":50,"nextId":4}',
  ),
])

test('has its fixed layout', () => {
  expect(encodeManifest(manifest).toString('latin1')).toBe(golden.toString('latin1'))
  expect(decodeManifest(golden)).toEqual(manifest)
  expect(decodeManifest(encodeManifest(emptyManifest))).toEqual(emptyManifest)
})

test('without the bytes of tombstones there are none', () => {
  const { tombstoneBytes, ...before } = manifest.files[0]!
  const encoded = encodeManifest({ ...manifest, files: [before as ManifestFile] })
  expect(tombstoneBytes).toBeGreaterThan(0)
  expect(decodeManifest(encoded)?.files).toEqual([{ ...before, tombstoneBytes: 0 }])
})

test('keys of any bytes come back', () => {
  const key = fc.uint8Array().map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(key, key, (lowestKey, highestKey) => {
      const files = [{ ...manifest.files[0]!, lowestKey, highestKey }]
      expect(decodeManifest(encodeManifest({ ...manifest, files }))?.files).toEqual(files)
    }),
  )
})

test('damage is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(golden)) {
      if (!sameBytes(bytes, golden)) expect(decodeManifest(Buffer.from(bytes))).toBeUndefined()
    }
  }
})

test('JSON of another shape is refused, although the checksum is right', () => {
  const plain = JSON.parse(golden.toString('utf8', 8)) as Record<string, unknown>
  const file = (plain['files'] as object[])[0]!
  const others: unknown[] = [null, 1, 'text', [], {}]
  for (const name of Object.keys(plain)) others.push({ ...plain, [name]: undefined })
  for (const wrong of [-1, 1.5, '1', null]) {
    others.push({ ...plain, nextId: wrong }, { ...plain, files: [{ ...file, id: wrong }] })
    others.push({ ...plain, logStart: { index: 1, term: 0, chain: wrong } })
  }
  for (const name of Object.keys(file)) {
    if (name === 'tombstoneBytes') continue
    others.push({ ...plain, files: [{ ...file, [name]: undefined }] })
  }
  for (const other of others) expect(decodeManifest(encodeCheckedJson(other))).toBeUndefined()
  fc.assert(
    fc.property(fc.jsonValue(), (value) => decodeManifest(encodeCheckedJson(value)) === undefined),
  )
})
