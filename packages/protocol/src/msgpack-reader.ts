/**
 * Reads the msgpack of our messages, strictly: the caller says what comes next, and anything else, a length
 * beyond the bytes that are there, or text that is no UTF-8 is KV_BAD_REQUEST. So nothing is allocated for
 * what was merely claimed, nesting is as deep as the caller's code, and an extension type never has a turn.
 * Longer forms than needed are read too, and whole numbers written as float 64: some encoders have no other
 * way above 2^32.
 */
import { isUtf8 } from 'node:buffer'
import { malformed } from './errors.ts'
import { unpackPlainMap } from './msgpack.ts'
import type { PlainMap } from './plain.ts'
import { validatePlainMap } from './validate.ts'

const u32Range = 0x1_0000_0000

export class MsgpackReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The number of elements that follow: never more than there are bytes left. */
  array(): number {
    const token = this.#byte()
    let count: number
    if ((token & 0xf0) === 0x90) count = token & 0x0f
    else if (token === 0xdc) count = this.#uintBytes(2)
    else if (token === 0xdd) count = this.#uintBytes(4)
    else throw malformed('an array is expected')
    if (count > this.#bytes.length - this.#position) throw malformed('it ends inside an array')
    return count
  }

  /** An array of exactly `count`. */
  tuple(count: number): void {
    if (this.array() !== count) throw malformed('an array has another length than its kind')
  }

  /** A list of fields that may be cut short, or nil for none at all. */
  optionCount(max: number): number {
    if (this.takeNil()) return 0
    const count = this.array()
    if (count > max) throw malformed('more options than its kind has')
    return count
  }

  /** Steps over a nil, if one is next. */
  takeNil(): boolean {
    if (this.#bytes[this.#position] !== 0xc0) return false
    this.#position++
    return true
  }

  bool(): boolean {
    const token = this.#byte()
    if (token === 0xc3) return true
    if (token === 0xc2) return false
    throw malformed('a boolean is expected')
  }

  /** 0 to 2^53 - 1. */
  uint(): number {
    const token = this.#byte()
    if (token < 0x80) return token
    switch (token) {
      case 0xcc:
        return this.#byte()
      case 0xcd:
        return this.#uintBytes(2)
      case 0xce:
        return this.#uintBytes(4)
      case 0xcf:
      case 0xd3:
        return safe(this.#uintBytes(4) * u32Range + this.#uintBytes(4))
      case 0xd0:
        return signed(this.#byte(), 0x80)
      case 0xd1:
        return signed(this.#uintBytes(2), 0x8000)
      case 0xd2:
        return signed(this.#uintBytes(4), 0x8000_0000)
      case 0xcb:
        return safe(this.#bytes.readDoubleBE(this.#advance(8)))
      default:
        throw malformed('an integer from 0 to 2^53 - 1 is expected')
    }
  }

  /** The name that an integer stands for. */
  name<Name extends string>(names: readonly (Name | undefined)[]): Name {
    const name = names[this.uint()]
    if (name === undefined) throw malformed('a number stands for nothing known')
    return name
  }

  /** A view of the message, not a copy. */
  bin(): Buffer {
    const token = this.#byte()
    let length: number
    if (token === 0xc4) length = this.#byte()
    else if (token === 0xc5) length = this.#uintBytes(2)
    else if (token === 0xc6) length = this.#uintBytes(4)
    else throw malformed('bytes are expected')
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  str(bytesMax: number): string {
    const token = this.#byte()
    let length: number
    if ((token & 0xe0) === 0xa0) length = token & 0x1f
    else if (token === 0xd9) length = this.#byte()
    else if (token === 0xda) length = this.#uintBytes(2)
    else if (token === 0xdb) length = this.#uintBytes(4)
    else throw malformed('text is expected')
    if (length > bytesMax) throw malformed('a text is too long')
    const start = this.#advance(length)
    if (!isUtf8(this.#bytes.subarray(start, start + length))) throw malformed('a text is not UTF-8')
    return this.#bytes.toString('utf8', start, start + length)
  }

  plainMap(elementsMax: number): PlainMap {
    const start = this.#position
    this.#position = validatePlainMap(this.#bytes, start, elementsMax)
    return unpackPlainMap(this.#bytes.subarray(start, this.#position))
  }

  end(): void {
    if (this.#position !== this.#bytes.length) throw malformed('bytes follow the message')
  }

  #byte(): number {
    const byte = this.#bytes[this.#position]
    if (byte === undefined) throw malformed('it ends too early')
    this.#position++
    return byte
  }

  #uintBytes(size: 2 | 4): number {
    const start = this.#advance(size)
    return size === 2 ? this.#bytes.readUInt16BE(start) : this.#bytes.readUInt32BE(start)
  }

  /** Steps over `length` bytes that must be there; returns where they begin. */
  #advance(length: number): number {
    const start = this.#position
    if (length > this.#bytes.length - start) throw malformed('it ends too early')
    this.#position = start + length
    return start
  }
}

function signed(value: number, signBit: number): number {
  if (value >= signBit) throw malformed('a negative integer')
  return value
}

/** Refuses what no version, index or count can be; turns -0 into 0. */
function safe(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed('an integer over 2^53 - 1')
  return value + 0
}
