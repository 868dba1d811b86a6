/**
 * Bytes of strangers as text that cannot write into a terminal. An escape is `\xNN`, one for each byte, or
 * `\n`, `\r`, `\t`, `\\`: `printf %b` gives the bytes back. Escaped are control characters (C0, DEL, C1),
 * line and paragraph separators, the marks that turn the direction of writing, and bytes that are no UTF-8.
 */
import { isUtf8 } from 'node:buffer'

const unsafe = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const unsafeOrBackslash = new RegExp(`\\\\|${unsafe.source}`, 'u')
const unsafeAll = new RegExp(unsafe, 'gu')
const unsafeOrBackslashAll = new RegExp(unsafeOrBackslash, 'gu')
/** What of these JSON leaves as it is inside strings. */
const unsafeInJson = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const short: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
}

/** One line without tabs, and not ambiguous: a backslash is escaped too. */
export function escapeToLine(bytes: Uint8Array): string {
  return escapeBytes(bytes, (text) =>
    unsafeOrBackslash.test(text) ? text.replace(unsafeOrBackslashAll, escapeCharacter) : text,
  )
}

/** For people to read: line breaks, tabs and backslashes stay. */
export function escapeForTerminal(bytes: Uint8Array): string {
  return escapeBytes(bytes, (text) =>
    unsafe.test(text)
      ? text.replace(unsafeAll, (character) =>
          character === '\n' || character === '\t' ? character : escapeCharacter(character),
        )
      : text,
  )
}

/** A message as one line. */
export function escapeMessage(text: string): string {
  return text.replace(unsafeAll, escapeCharacter)
}

/** JSON text, the same value, that cannot write into a terminal either. */
export function escapeJson(json: string): string {
  return json.replace(
    unsafeInJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function escapeCharacter(character: string): string {
  return short[character] ?? escapeEachByte(Buffer.from(character))
}

function escapeEachByte(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += `\\x${byte.toString(16).padStart(2, '0')}`
  return text
}

function escapeBytes(bytes: Uint8Array, escapeText: (text: string) => string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (isUtf8(buffer)) return escapeText(buffer.toString())
  let escaped = ''
  let textStart = 0
  for (let at = 0; at < buffer.length; ) {
    const length = characterLength(buffer, at)
    if (length > 0) {
      at += length
      continue
    }
    escaped += escapeText(buffer.toString('utf8', textStart, at))
    escaped += escapeEachByte(buffer.subarray(at, at + 1))
    at++
    textStart = at
  }
  return escaped + escapeText(buffer.toString('utf8', textStart))
}

/** Bytes of the character that begins at `at`; 0 when none does. */
function characterLength(buffer: Buffer, at: number): number {
  const lead = buffer[at]!
  if (lead < 0x80) return 1
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  const end = at + length
  return end <= buffer.length && isUtf8(buffer.subarray(at, end)) ? length : 0
}
