import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the built command; whoever does reads its output and waits for its end. */
export function spawnKv(address: string, argv: readonly string[]): ChildProcessWithoutNullStreams {
  const env = { ...process.env, KV_ADDRESS: address }
  return spawn(process.execPath, [bin, ...argv], { env, stdio: 'pipe' })
}

/** Runs the built command to its end, with `stdin` on a pipe. */
export async function kv(
  address: string,
  argv: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<Ended> {
  const child = spawnKv(address, argv)
  // It may end without reading all of it.
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  return await ended(child)
}

/** Reads what is left of the output, and waits for the end. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const exit = once(child, 'exit')
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)])
  const [exitCode] = (await exit) as [number | null]
  return { exitCode, stdout: stdout.toString('latin1'), stderr: stderr.toString() }
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
