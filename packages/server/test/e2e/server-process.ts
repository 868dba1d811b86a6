/** The built server as a process of its own, as an operator starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { RawClient } from '../raw-client.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export class ServerProcess {
  readonly port: number
  readonly pid: number
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #lines: LogLines

  /** Resolves when it listens. It ends with the running test at the latest. */
  static async start(
    dataDir: string,
    flags: readonly string[] = [],
    variables: NodeJS.ProcessEnv = {},
  ): Promise<ServerProcess> {
    const child = run(['--data-dir', dataDir, '--port', '0', ...flags], variables)
    const ended = endOf(child)
    const lines = new LogLines(child)
    const failed = ended.then(({ code, stderr }): never => {
      throw new Error(`it ended with ${code}: ${stderr}`)
    })
    // Once it listens, how it ends is for the test to see.
    failed.catch(() => undefined)
    const listening = await Promise.race([lines.until('listening'), failed])
    return new ServerProcess(child, lines, ended, Number(listening['port']))
  }

  /** A start that fails: how it ended. */
  static startFailing(flags: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = run(flags, variables)
    child.stdout?.resume()
    return endOf(child)
  }

  private constructor(child: ChildProcess, lines: LogLines, ended: Promise<Ended>, port: number) {
    this.#child = child
    this.#lines = lines
    this.ended = ended
    this.port = port
    this.pid = child.pid!
  }

  /** A client that said hello. It ends with the running test at the latest. */
  async open(): Promise<RawClient> {
    const client = await RawClient.open(this.port)
    onTestFinished(() => void client.socket.destroy())
    return client
  }

  /** Resolves with the next log line that has this text. */
  logged(text: string): Promise<Record<string, unknown>> {
    return this.#lines.until(text)
  }

  signal(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }
}

/** Standard output, line by line; read to the end, so that the pipe never fills. */
class LogLines {
  readonly #waiting: { text: string; resolve: (line: Record<string, unknown>) => void }[] = []
  readonly #lines: Record<string, unknown>[] = []

  constructor(child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>
      this.#lines.push(line)
      for (const waiting of this.#waiting) {
        if (String(line['msg']).includes(waiting.text)) waiting.resolve(line)
      }
    })
  }

  until(text: string): Promise<Record<string, unknown>> {
    const logged = this.#lines.find((line) => String(line['msg']).includes(text))
    if (logged !== undefined) return Promise.resolve(logged)
    return new Promise((resolve) => this.#waiting.push({ text, resolve }))
  }
}

function run(flags: readonly string[], variables: NodeJS.ProcessEnv = {}): ChildProcess {
  // As hardened as the server may be run.
  const args = ['--disallow-code-generation-from-strings', main, ...flags]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...variables },
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  return child
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, stderr }
}
