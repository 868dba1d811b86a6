import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex } from '../test/hex.ts'
import { encodeCheckedJson } from './checked-json.ts'
import { createIdentity, decodeNodeFile, encodeNodeFile } from './node-file.ts'

const identity = { formatVersion: 1, clusterId: 'c', nodeId: 'n', storeId: 's' }
const golden = Buffer.concat([
  fromHex(`
    ae c4 15 7d              crc32 of all that follows
    3e 00 00 00              length of the text
  `),
  Buffer.from('{"formatVersion":1,"clusterId":"c","nodeId":"n","storeId":"s"}'),
])

test('has its fixed layout', () => {
  expect(encodeNodeFile(identity).toString('latin1')).toBe(golden.toString('latin1'))
  expect(decodeNodeFile(golden)).toEqual(identity)
})

test('each new store has names of its own', () => {
  const [a, b] = [createIdentity(), createIdentity()]
  expect(decodeNodeFile(encodeNodeFile(a))).toEqual(a)
  expect(new Set([a.clusterId, a.nodeId, a.storeId, b.clusterId, b.nodeId, b.storeId]).size).toBe(6)
})

test('damage is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(golden)) {
      if (!sameBytes(bytes, golden)) expect(decodeNodeFile(Buffer.from(bytes))).toBeUndefined()
    }
  }
})

test('JSON of another shape is refused, although the checksum is right', () => {
  for (const name of Object.keys(identity)) {
    expect(decodeNodeFile(encodeCheckedJson({ ...identity, [name]: undefined }))).toBeUndefined()
  }
  fc.assert(
    fc.property(fc.jsonValue(), (value) => decodeNodeFile(encodeCheckedJson(value)) === undefined),
  )
})
