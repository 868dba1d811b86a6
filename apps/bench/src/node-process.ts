import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { endWithThisProcess } from './end-with-this-process.ts'
import { withoutTuning } from './without-tuning.ts'

const serverMain = join(import.meta.dirname, '../../../packages/server/dist/main.js')
const startTimeoutMs = 30_000

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A real node in a process of its own, on a free port of 127.0.0.1, as a user would start it. */
export class NodeProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<Exit>
  readonly #errors: string[] = []
  #port: number | undefined

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#errors.push(text))
  }

  /** Starts the process; whether it serves is for {@link ready} to say. `options` are flags of the server, `environment` further variables. */
  static spawn(
    dataDirectory: string,
    options: readonly string[] = [],
    environment: NodeJS.ProcessEnv = {},
  ): NodeProcess {
    const args = [serverMain, '--data-dir', dataDirectory, '--port', '0', ...options]
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
    const env = { ...withoutTuning(process.env), ...environment }
    const child = spawn(process.execPath, args, { stdio, env })
    endWithThisProcess(child)
    return new NodeProcess(child)
  }

  /** Starts a node and waits until it serves. */
  static async start(dataDirectory: string, options: readonly string[] = []): Promise<NodeProcess> {
    const node = NodeProcess.spawn(dataDirectory, options)
    await node.ready()
    return node
  }

  /** Where it serves: `kv://127.0.0.1:<port>`. */
  get address(): string {
    if (this.#port === undefined) throw new Error('the node does not serve yet')
    return `kv://127.0.0.1:${this.#port}`
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the node was not started')
    return this.#child.pid
  }

  /** Resolves once it serves. Throws what it wrote to stderr when it ends before that. */
  async ready(timeoutMs: number = startTimeoutMs): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    try {
      this.#port = await Promise.race([this.#listeningPort(), this.#earlyExit()])
    } finally {
      clearTimeout(timer)
    }
    // Nobody reads the log from here on; it must not fill the pipe.
    this.#child.stdout?.resume()
  }

  /** Sends a signal to this process alone, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal)
    return this.exited()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  exited(): Promise<Exit> {
    return this.#exit
  }

  async #listeningPort(): Promise<number> {
    const lines = createInterface({ input: this.#child.stdout! })
    for await (const line of lines) {
      const fields: unknown = JSON.parse(line)
      if (typeof fields === 'object' && fields !== null && 'port' in fields) {
        if (typeof fields.port === 'number') return fields.port
      }
    }
    return new Promise(() => undefined)
  }

  async #earlyExit(): Promise<never> {
    const { code, signal } = await this.#exit
    throw new Error(`the node ended with ${code ?? signal}: ${this.#errors.join('')}`)
  }
}
