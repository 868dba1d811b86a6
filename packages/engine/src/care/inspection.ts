/** What stands at one place of a file of a store. */
export interface Inspection {
  /** Of the file, below the directory that is inspected; its name where it is a file. */
  readonly path: string
  /** Byte of the file. */
  readonly offset: number
  readonly what: string
  /** Text of keys and values is escaped: it has one line and cannot write into a terminal. */
  readonly fields: Readonly<Record<string, string | number | boolean>>
  readonly isDamage: boolean
}

/** One line, without a line break. */
export function formatInspection({ offset, what, fields, isDamage }: Inspection): string {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return [String(offset).padStart(10), isDamage ? `!! ${what}` : what, ...words].join(' ')
}

/** Bytes of a value that are shown. */
export const valueBytesShown = 4_096

/** Bytes as text of printable ASCII: `\xNN` for every other byte, `\\` for a backslash, `\x20` for a blank. */
export function escapedBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x5c
    if (isPlain) text += String.fromCharCode(byte)
    else text += byte === 0x5c ? '\\\\' : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** As {@link escapedBytes}, of no more than are shown. */
export function escapedValue(bytes: Uint8Array, valueBytes: number): string {
  const shown = escapedBytes(bytes.subarray(0, valueBytesShown))
  return valueBytes > valueBytesShown ? `${shown}…` : shown
}

/** ms since the epoch as a date, where it is one. */
export function dateText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
