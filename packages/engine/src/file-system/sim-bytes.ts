const capacityMin = 256

/** The contents of a file: bytes that grow, and whose copies share memory until one of them changes. */
export class SimBytes {
  #buffer: Uint8Array
  #length: number
  /** Also true for bytes that came from outside: the first write takes a copy. */
  #isShared = true

  constructor(buffer: Uint8Array = new Uint8Array(0), length: number = buffer.length) {
    this.#buffer = buffer
    this.#length = length
  }

  static copyOf(bytes: Uint8Array): SimBytes {
    return new SimBytes(Uint8Array.from(bytes))
  }

  get length(): number {
    return this.#length
  }

  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.#length - position))
    if (count > 0) target.set(this.#buffer.subarray(position, position + count))
    return count
  }

  /** A gap before `position` becomes zeros. */
  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    const end = position + bytes.length
    this.#own(end)
    if (position > this.#length) this.#buffer.fill(0, this.#length, position)
    this.#buffer.set(bytes, position)
    this.#length = Math.max(this.#length, end)
  }

  /** Cuts, or extends with zeros. */
  resize(length: number): void {
    if (length > this.#length) {
      this.#own(length)
      this.#buffer.fill(0, this.#length, length)
    }
    this.#length = length
  }

  /** A copy that costs nothing until it, or this one, is written to. */
  share(): SimBytes {
    this.#isShared = true
    return new SimBytes(this.#buffer, this.#length)
  }

  toBytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length)
  }

  #own(capacity: number): void {
    const isLargeEnough = capacity <= this.#buffer.length
    if (isLargeEnough && !this.#isShared) return
    const grown = isLargeEnough ? this.#buffer.length : Math.max(capacity * 2, capacityMin)
    const buffer = new Uint8Array(grown)
    buffer.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = buffer
    this.#isShared = false
  }
}
