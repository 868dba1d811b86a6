/**
 * One pass over a map before msgpackr sees it. Accepted are nil, booleans, integers, floats, str, bin, arrays
 * and maps; no extension types (msgpackr has live ones), no 0xc1. Every claimed length is held against
 * the bytes that are there, and depth and elements are bounded: a byte of empty map would cost a hundred of
 * heap. Keys are str, each once, and not `__proto__`. Text is UTF-8.
 */
import { isUtf8 } from 'node:buffer'
import { malformed } from './errors.ts'
import { plainDepthMax } from './limits.ts'

/** Checks the map that begins at `start` and returns where it ends. */
export function validatePlainMap(bytes: Buffer, start: number, elementsMax: number): number {
  const token = bytes[start] ?? 0
  if ((token & 0xf0) !== 0x80 && token !== 0xde && token !== 0xdf)
    throw malformed('a map is expected')
  const scan = new Scan(bytes, start, elementsMax)
  scan.value(plainDepthMax)
  return scan.position
}

class Scan {
  position: number
  readonly #bytes: Buffer
  #elementsLeft: number

  constructor(bytes: Buffer, start: number, elementsMax: number) {
    this.#bytes = bytes
    this.position = start
    this.#elementsLeft = elementsMax
  }

  /** One value with at most `depth` levels of maps and arrays. */
  value(depth: number): void {
    const token = this.#byte()
    if (token < 0x80 || token >= 0xe0) return
    if (token < 0x90) this.#map(token & 0x0f, depth)
    else if (token < 0xa0) this.#array(token & 0x0f, depth)
    else if (token < 0xc0) this.#str(token & 0x1f)
    else this.#long(token, depth)
  }

  #long(token: number, depth: number): void {
    switch (token) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return
      case 0xcc:
      case 0xd0:
        return this.#skip(1)
      case 0xcd:
      case 0xd1:
        return this.#skip(2)
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#skip(4)
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#skip(8)
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#skip(this.#length(token - 0xc4))
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.#str(this.#length(token - 0xd9))
        return
      case 0xdc:
      case 0xdd:
        return this.#array(this.#length(token - 0xdb), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(token - 0xdd), depth)
      default:
        throw malformed('an extension type')
    }
  }

  #array(count: number, depth: number): void {
    this.#enter(count, depth)
    for (let index = 0; index < count; index++) this.value(depth - 1)
  }

  #map(count: number, depth: number): void {
    this.#enter(2 * count, depth)
    const keys = new Set<string>()
    for (let index = 0; index < count; index++) {
      const key = this.#key()
      if (key === '__proto__' || keys.has(key))
        throw malformed('a map key is forbidden or repeated')
      keys.add(key)
      this.value(depth - 1)
    }
  }

  #enter(elements: number, depth: number): void {
    if (depth === 0) throw malformed('it is nested too deep')
    this.#elementsLeft -= elements
    if (this.#elementsLeft < 0) throw malformed('it has too many elements')
  }

  #key(): string {
    const token = this.#byte()
    if ((token & 0xe0) === 0xa0) return this.#str(token & 0x1f)
    if (token < 0xd9 || token > 0xdb) throw malformed('a map key is not text')
    return this.#str(this.#length(token - 0xd9))
  }

  #str(length: number): string {
    const start = this.position
    this.#skip(length)
    if (!isUtf8(this.#bytes.subarray(start, this.position))) throw malformed('a text is not UTF-8')
    return this.#bytes.toString('utf8', start, this.position)
  }

  /** Lengths have 1, 2 or 4 bytes: 2 to the power of `sizeExponent`. */
  #length(sizeExponent: number): number {
    const start = this.position
    this.#skip(1 << sizeExponent)
    return this.#bytes.readUIntBE(start, 1 << sizeExponent)
  }

  #byte(): number {
    const byte = this.#bytes[this.position]
    if (byte === undefined) throw malformed('it ends too early')
    this.position++
    return byte
  }

  #skip(length: number): void {
    if (length > this.#bytes.length - this.position) throw malformed('it ends too early')
    this.position += length
  }
}
