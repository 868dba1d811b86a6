/**
 * Writes the msgpack of our messages into one growing buffer: nil, booleans, unsigned integers, str, bin
 * and arrays, each in its shortest form (https://github.com/msgpack/msgpack/blob/master/spec.md). Maps come
 * ready-made from msgpack.ts. Written by hand because an envelope put straight into the outgoing buffer
 * needs no array of fields and no copy, and because integers over 2^32 stay integers.
 */

/** Idle writers hold no block, busy ones this much. */
const blockBytes = 16_384
/** Below this a loop beats the call of `set`. */
const loopBytesMax = 32

const noBytes: Buffer = Buffer.alloc(0)

export class MsgpackWriter {
  /** [#start, #position) is written and not yet taken. */
  #bytes: Buffer = noBytes
  #start = 0
  #position = 0

  get length(): number {
    return this.#position - this.#start
  }

  /** Hands out what was written since the last call; the buffer is the caller's, unless it calls {@link reuse}. */
  take(): Buffer {
    const taken = this.#bytes.subarray(this.#start, this.#position)
    this.#start = this.#position
    // A block grown for one large message would be held by the small ones that follow.
    if (this.#bytes.length > 2 * blockBytes) this.#release()
    return taken
  }

  /** Says that nobody uses any longer what was handed out so far: its memory is written again. */
  reuse(): void {
    if (this.length > 0) return
    this.#start = 0
    this.#position = 0
  }

  /** Drops what was written behind the first `length` bytes not yet taken. */
  truncate(length: number): void {
    this.#position = this.#start + length
  }

  /** Leaves room for four bytes, which `patchU32` fills in later. */
  skipU32(): void {
    this.#reserve(4)
    this.#position += 4
  }

  patchU32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, this.#start + at)
  }

  nil(): void {
    this.#reserve(1)
    this.#bytes[this.#position++] = 0xc0
  }

  bool(value: boolean): void {
    this.#reserve(1)
    this.#bytes[this.#position++] = value ? 0xc3 : 0xc2
  }

  /** Throws RangeError unless 0 <= value <= 2^53 - 1. */
  uint(value: number): void {
    this.#reserve(9)
    if (value >>> 0 !== value) this.#uint64(value)
    else if (value < 0x80) this.#bytes[this.#position++] = value
    else if (value < 0x100) {
      this.#bytes[this.#position++] = 0xcc
      this.#bytes[this.#position++] = value
    } else if (value < 0x10000) {
      this.#bytes[this.#position++] = 0xcd
      this.#u16(value)
    } else {
      this.#bytes[this.#position++] = 0xce
      this.#u32(value)
    }
  }

  array(count: number): void {
    this.#reserve(5)
    if (count < 0x10) this.#bytes[this.#position++] = 0x90 | count
    else if (count < 0x10000) {
      this.#bytes[this.#position++] = 0xdc
      this.#u16(count)
    } else {
      this.#bytes[this.#position++] = 0xdd
      this.#u32(count)
    }
  }

  bin(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw new TypeError('keys and values are Uint8Array')
    const { length } = value
    this.#reserve(length + 5)
    if (length < 0x100) {
      this.#bytes[this.#position++] = 0xc4
      this.#bytes[this.#position++] = length
    } else if (length < 0x10000) {
      this.#bytes[this.#position++] = 0xc5
      this.#u16(length)
    } else {
      this.#bytes[this.#position++] = 0xc6
      this.#u32(length)
    }
    this.#copy(value)
  }

  /** Throws RangeError over `bytesMax` bytes of UTF-8. */
  str(value: string, bytesMax: number): void {
    const length = Buffer.byteLength(value)
    if (length > bytesMax) throw new RangeError(`a text on the wire has ${bytesMax} bytes at most`)
    this.#reserve(length + 5)
    if (length < 0x20) this.#bytes[this.#position++] = 0xa0 | length
    else if (length < 0x100) {
      this.#bytes[this.#position++] = 0xd9
      this.#bytes[this.#position++] = length
    } else if (length < 0x10000) {
      this.#bytes[this.#position++] = 0xda
      this.#u16(length)
    } else {
      this.#bytes[this.#position++] = 0xdb
      this.#u32(length)
    }
    this.#bytes.write(value, this.#position, 'utf8')
    this.#position += length
  }

  /** One value that is msgpack already. */
  raw(encoded: Uint8Array): void {
    this.#reserve(encoded.length)
    this.#copy(encoded)
  }

  #uint64(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError('integers on the wire are from 0 to 2^53 - 1')
    }
    this.#bytes[this.#position++] = 0xcf
    this.#u32(Math.floor(value / 0x1_0000_0000))
    this.#u32(value % 0x1_0000_0000)
  }

  #u16(value: number): void {
    this.#bytes[this.#position++] = value >>> 8
    this.#bytes[this.#position++] = value
  }

  #u32(value: number): void {
    this.#bytes[this.#position++] = value >>> 24
    this.#bytes[this.#position++] = value >>> 16
    this.#bytes[this.#position++] = value >>> 8
    this.#bytes[this.#position++] = value
  }

  #copy(source: Uint8Array): void {
    const { length } = source
    if (length > loopBytesMax) this.#bytes.set(source, this.#position)
    else {
      const bytes = this.#bytes
      let position = this.#position
      for (let index = 0; index < length; index++) bytes[position++] = source[index]!
    }
    this.#position += length
  }

  #reserve(bytes: number): void {
    if (this.#position + bytes > this.#bytes.length) this.#grow(bytes)
  }

  /** Doubling keeps the copying linear; the spare block spares a copy for what follows a large value. */
  #grow(bytes: number): void {
    const { length } = this
    const grown = Buffer.allocUnsafeSlow(Math.max(length + bytes, 2 * length) + blockBytes)
    grown.set(this.#bytes.subarray(this.#start, this.#position))
    this.#bytes = grown
    this.#start = 0
    this.#position = length
  }

  #release(): void {
    this.#bytes = noBytes
    this.#start = 0
    this.#position = 0
  }
}
