/** How keys and values are written on a command line, in a file and on a terminal. */
import { unreachable } from '@kv/protocol/assert'
import { usageError } from './cli-error.ts'
import { escapeToLine } from './escape.ts'

export const encodings = ['text', 'hex', 'base64'] as const

export type Encoding = (typeof encodings)[number]

/** `what` names the argument in the message. */
export function decodeArgument(text: string, encoding: Encoding, what: string): Buffer {
  switch (encoding) {
    case 'text':
      return decodeText(text, what)
    case 'hex':
      return decodeHex(text, what)
    case 'base64':
      return decodeBase64(text, what)
    default:
      return unreachable(encoding)
  }
}

/** The content of a file: with `text` its bytes as they are, otherwise white space around does not count. */
export function decodeContent(content: Buffer, encoding: Encoding, what: string): Buffer {
  if (encoding === 'text') return content
  return decodeArgument(content.toString('latin1').trim(), encoding, what)
}

/** On one line. */
export function encodeToLine(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === 'text') return escapeToLine(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding)
}

function decodeText(text: string, what: string): Buffer {
  // Node replaces bytes that are no UTF-8 before we see them; two keys must not silently become one.
  if (text.includes('\ufffd') || !text.isWellFormed()) {
    throw usageError(
      `${what} is not valid UTF-8, or holds U+FFFD: write it with the encoding hex or base64`,
    )
  }
  return Buffer.from(text)
}

function decodeHex(text: string, what: string): Buffer {
  if (!/^([0-9a-f]{2})*$/i.test(text)) {
    throw usageError(`${what} is not hex: write two digits from 0-9a-f for each byte`)
  }
  return Buffer.from(text, 'hex')
}

function decodeBase64(text: string, what: string): Buffer {
  const bytes = bytesOfBase64(text)
  if (bytes === undefined) throw usageError(`${what} is not base64`)
  return bytes
}

/** Standard or URL-safe alphabet, padding or not; undefined for anything else, which `Buffer` would skip. */
export function bytesOfBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  const padded = bytes.toString('base64')
  return standard === padded || standard === padded.replace(/=+$/, '') ? bytes : undefined
}
