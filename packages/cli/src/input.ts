/** Files and standard input, read piece by piece. */
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { addAbortSignal } from 'node:stream'
import { KvError } from '@kv/client'
import { CliError, usageError } from './cli-error.ts'
import { systemErrorReason } from './system-error.ts'

export interface StandardInput extends Readable {
  readonly isTTY?: boolean
}

export interface Input {
  /** For messages. */
  readonly name: string
  /** Of a regular file. */
  readonly bytes: number | undefined
  readonly chunks: AsyncIterable<Buffer>
}

const chunkBytes = 256 * 1024

/** Throws CLI_NO_INPUT when there is no such file, or when it cannot be read later. */
export async function openFileInput(path: string, signal: AbortSignal): Promise<Input> {
  try {
    const handle = await open(path, 'r')
    const stats = await handle.stat()
    if (stats.isDirectory()) {
      await handle.close()
      throw new CliError('CLI_NO_INPUT', `${path} is a directory`)
    }
    const stream = handle.createReadStream({ highWaterMark: chunkBytes, signal })
    const bytes = stats.isFile() ? stats.size : undefined
    return { name: path, bytes, chunks: readChunks(stream, path) }
  } catch (error) {
    throw readFailure(error, path)
  }
}

/** Whoever reads it waits for what somebody types, so a terminal is refused, with `hint`. */
export function openStandardInput(stdin: StandardInput, signal: AbortSignal, hint: string): Input {
  if (stdin.isTTY === true) throw usageError(hint)
  const name = 'standard input'
  return { name, bytes: undefined, chunks: readChunks(addAbortSignal(signal, stdin), name) }
}

/** All of it. Throws KV_VALUE_TOO_LARGE as soon as it is over `bytesMax`. */
export async function readValue(input: Input, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of input.chunks) {
    bytes += chunk.length
    if (bytes > bytesMax) {
      throw new KvError('KV_VALUE_TOO_LARGE', `${input.name} is over ${bytesMax} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function* readChunks(stream: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    throw readFailure(error, name)
  }
}

function readFailure(error: unknown, name: string): unknown {
  if (error instanceof CliError || (error instanceof Error && error.name === 'AbortError'))
    return error
  const reason = systemErrorReason(error)
  return new CliError('CLI_NO_INPUT', `${name} cannot be read: ${reason}`, error)
}
