/**
 * JSON Lines, one entry a line, for `import`, `export` and `range --json`:
 *
 *     {"key":"user:1","value":"Ada"}
 *     {"key64":"/wA=","value64":"gIE="}
 *
 * - `key` and `value` are text; `key64` and `value64` are base64, for bytes that are no UTF-8.
 * - A `value` that is no string stands for its JSON text, without white space, its numbers as they are written.
 * - `version`, which `range --json` writes, is read over. Any other member is an error.
 */
import { isUtf8 } from 'node:buffer'
import { bytesOfBase64 } from './encoding.ts'
import { escapeJson } from './escape.ts'
import { memberText } from './exact-json.ts'
import type { Entry } from './kv.ts'

/** One record of an import. */
export interface JsonRecord {
  readonly key: Buffer
  readonly value: Buffer
}

/** A line that is no record. The text says what is wrong; where it stands is for the caller to add. */
export class JsonLineError extends Error {
  override readonly name = 'JsonLineError'
}

/** Without the line break. */
export function formatEntry({ key, value, version }: Partial<Entry> & Pick<Entry, 'key'>): string {
  const members = [formatMember('key', key)]
  if (value !== undefined) members.push(formatMember('value', value))
  if (version !== undefined) members.push(`"version":${version}`)
  return `{${members.join(',')}}`
}

/** `"key":"…"`, or `"key64":"…"`. */
export function formatMember(name: 'key' | 'value', bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (isUtf8(buffer)) return `"${name}":${escapeJson(JSON.stringify(buffer.toString()))}`
  return `"${name}64":"${buffer.toString('base64')}"`
}

/** Throws JsonLineError. */
export function parseRecord(line: Buffer): JsonRecord {
  if (!isUtf8(line)) throw new JsonLineError('the line is not valid UTF-8')
  const text = line.toString()
  const members = parseObject(text)
  const { key, key64, value, value64, version: _version, ...others } = members
  for (const name of Object.keys(others)) {
    throw new JsonLineError(
      `unknown member ${JSON.stringify(name)}: there are key, key64, value and value64`,
    )
  }
  return {
    key: keyBytes(key, key64),
    value: valueBytes(value, value64, text),
  }
}

interface Members {
  readonly key?: unknown
  readonly key64?: unknown
  readonly value?: unknown
  readonly value64?: unknown
  readonly version?: unknown
}

function parseObject(text: string): Members {
  const parsed = parseJson(text)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  throw new JsonLineError('not a JSON object: a line is like {"key":"user:1","value":"Ada"}')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : String(error)
    throw new JsonLineError(`not valid JSON: ${reason}`)
  }
}

function keyBytes(key: unknown, key64: unknown): Buffer {
  if ((key === undefined) === (key64 === undefined)) {
    throw new JsonLineError(key === undefined ? 'no key' : 'both key and key64')
  }
  if (key === undefined) return base64Bytes(key64, 'key64')
  if (typeof key !== 'string') throw new JsonLineError('key is not a string')
  return textBytes(key, 'key')
}

function valueBytes(value: unknown, value64: unknown, line: string): Buffer {
  if ((value === undefined) === (value64 === undefined)) {
    throw new JsonLineError(value === undefined ? 'no value' : 'both value and value64')
  }
  if (value === undefined) return base64Bytes(value64, 'value64')
  if (typeof value === 'string') return textBytes(value, 'value')
  return Buffer.from(memberText(line, 'value'))
}

function textBytes(text: string, name: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  throw new JsonLineError(`${name} has half a surrogate pair: write it as ${name}64, in base64`)
}

function base64Bytes(text: unknown, name: string): Buffer {
  const bytes = typeof text === 'string' ? bytesOfBase64(text) : undefined
  if (bytes === undefined) throw new JsonLineError(`${name} is not base64`)
  return bytes
}
