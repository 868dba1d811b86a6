/** Damage at rest to the bytes of one file. Each generator yields what the file then holds. */

export type Damage = (bytes: Uint8Array) => Generator<Uint8Array>

/** What a class of damage counts as. */
export const damages: readonly (readonly ['cuts' | 'flips' | 'others', Damage])[] = [
  ['cuts', cuts],
  ['flips', flips],
  ['others', zeroedEnds],
  ['others', bursts],
  ['others', shiftedSectors],
  ['others', misplacedSectors],
  ['others', appendices],
]

const sectorBytes = 512
const burstBytes = 16

/** The file ends early, at every byte. */
function* cuts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length)
}

/** Every bit, one at a time. */
function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Uint8Array.from(bytes)
      flipped[at]! ^= 1 << bit
      yield flipped
    }
  }
}

/** Zeros from every byte to the end. */
function* zeroedEnds(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield Uint8Array.from(bytes).fill(0, at)
}

/** A short stretch of other bytes, at every byte. */
function* bursts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Uint8Array.from(bytes)
    const end = Math.min(at + burstBytes, bytes.length)
    for (let place = at; place < end; place++) damaged[place]! ^= 0xa5
    yield damaged
  }
}

/** Each sector is left out, or stands there twice. */
function* shiftedSectors(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sectorBytes) {
    const end = Math.min(at + sectorBytes, bytes.length)
    yield joined(bytes.subarray(0, at), bytes.subarray(end))
    yield joined(bytes.subarray(0, end), bytes.subarray(at))
  }
}

/** Two sectors in each other's place, or one in both places. */
function* misplacedSectors(bytes: Uint8Array): Generator<Uint8Array> {
  const sectors: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += sectorBytes) {
    sectors.push(bytes.subarray(at, at + sectorBytes))
  }
  for (const [a, sectorA] of sectors.entries()) {
    for (const [b, sectorB] of sectors.entries()) {
      if (a === b) continue
      yield joined(...sectors.with(a, sectorB))
      if (a < b) yield joined(...sectors.with(a, sectorB).with(b, sectorA))
    }
  }
}

/** Bytes that do not belong there follow the end: zeros, rubbish, and tails of the file itself. */
function* appendices(bytes: Uint8Array): Generator<Uint8Array> {
  for (const length of [1, 7, 40, 64, sectorBytes]) {
    yield joined(bytes, new Uint8Array(length))
    yield joined(bytes, new Uint8Array(length).fill(0xa5))
  }
  for (let at = 0; at < bytes.length; at += burstBytes) yield joined(bytes, bytes.subarray(at))
}

/** Where two contents begin to differ; the length of the shorter where only that differs. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length)
  for (let at = 0; at < end; at++) if (a[at] !== b[at]) return at
  return end
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
