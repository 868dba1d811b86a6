/**
 * msgpackr, for the maps that error details, stats and merge reports are: the one file that imports it.
 * What it reads has passed validate.ts; what it writes must pass too, so that we send nothing we would refuse.
 */
import { Packr, Unpackr } from 'msgpackr'
import type { Plain, PlainMap } from './plain.ts'
import { validatePlainMap } from './validate.ts'

/** `variableMapSize` also makes it walk own keys only, `useToJSON` off keeps a key of that name from being called. */
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  useToJSON: false,
})

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'number' })

/** The result lies in msgpackr's shared buffer: copy it before the next call. Throws TypeError beyond the limits. */
export function packPlainMap(map: PlainMap, elementsMax: number): Buffer {
  const packed = packr.pack(map)
  try {
    validatePlainMap(packed, 0, elementsMax)
  } catch (cause) {
    throw new TypeError('a map for the wire is not plain, too deep or too large', { cause })
  }
  return packed
}

/** Only for bytes that `validatePlainMap` has accepted. The result holds no view of them. */
export function unpackPlainMap(bytes: Buffer): PlainMap {
  return plain(unpackr.unpack(bytes)) as PlainMap
}

/** Maps become objects without a prototype. */
function plain(value: unknown): Plain {
  if (value instanceof Map) {
    const object: Record<string, Plain> = Object.create(null)
    for (const [key, item] of value) object[key] = plain(item)
    return object
  }
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Uint8Array) return Buffer.from(value)
  return value as Plain
}
