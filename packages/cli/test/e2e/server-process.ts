import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const serverMain = fileURLToPath(new URL('../../../server/dist/main.js', import.meta.url))

/** A node in a process of its own, on a free port, as a user starts it. */
export class ServerProcess {
  readonly address: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.address = `kv://127.0.0.1:${port}`
  }

  /** Resolves when it listens. It ends with the running test at the latest. */
  static async start(dataDirectory: string): Promise<ServerProcess> {
    const args = [serverMain, '--data-dir', dataDirectory, '--port', '0']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => kill(child))
    return new ServerProcess(child, await listeningPort(child))
  }

  /** As a power cut would, as far as a process is concerned. */
  kill(): Promise<void> {
    return kill(this.#child)
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function listeningPort(child: ChildProcess): Promise<number> {
  const errors: string[] = []
  child.stderr!.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  for await (const line of createInterface({ input: child.stdout! })) {
    const { msg, port } = JSON.parse(line) as { readonly msg?: string; readonly port?: number }
    if (msg?.includes('listening') && port !== undefined) {
      // Nobody reads on; the log must not fill the pipe.
      child.stdout!.resume()
      return port
    }
  }
  throw new Error(`the server ended before it listened: ${errors.join('')}`)
}
