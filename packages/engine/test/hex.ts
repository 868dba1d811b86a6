/** Bytes from a dump: each line begins with pairs of hex digits, and may go on with what they mean, two spaces apart. */
export function fromHex(dump: string): Buffer {
  const digits = dump.split('\n').map((line) => /^\s*((?:[0-9a-f]{2} ?)*)(?: .*)?$/.exec(line)?.[1])
  if (digits.includes(undefined)) throw new Error(`not a dump: ${dump}`)
  return Buffer.from(digits.join('').replaceAll(' ', ''), 'hex')
}

/** In hex, so that a mismatch can be read. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
