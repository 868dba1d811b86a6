import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFailed } from 'vitest'

const serverMain = join(import.meta.dirname, '../../packages/server/dist/main.js')
const startTimeoutMs = 60_000
/** Of the log of a node, when its drill failed. */
const linesShown = 20
const running = new Set<NodeUnder>()

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** The built server as a process of its own on a free port of 127.0.0.1, under a command such as `prlimit` that becomes it. */
export class NodeUnder {
  readonly ended: Promise<Ended>
  /** All that it has logged. */
  readonly lines: Readonly<Record<string, unknown>>[] = []
  readonly #child: ChildProcess
  #port: number | undefined
  #onPort: () => void = () => undefined

  /** Starts a node and waits until it serves; throws what it wrote to stderr when it ends before. */
  static async start(
    dataDirectory: string,
    flags: readonly string[] = [],
    command: readonly string[] = [],
  ): Promise<NodeUnder> {
    const node = NodeUnder.spawn(dataDirectory, flags, command)
    await node.ready()
    return node
  }

  static spawn(
    dataDirectory: string,
    flags: readonly string[] = [],
    command: readonly string[] = [],
  ): NodeUnder {
    const server = [process.execPath, serverMain, '--data-dir', dataDirectory, '--port', '0']
    const [program, ...args] = [...command, ...server, '--log-format', 'json', ...flags]
    const child = spawn(program!, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    })
    return new NodeUnder(child)
  }

  /** Ends whatever a drill has left running. */
  static async endAll(): Promise<void> {
    await Promise.all([...running].map((node) => node.end('SIGKILL')))
  }

  private constructor(child: ChildProcess) {
    this.#child = child
    running.add(this)
    onTestFailed(() => {
      const tail = this.lines.slice(-linesShown).map((line) => JSON.stringify(line))
      process.stderr.write(`the node ${this.pid} logged at last:\n${tail.join('\n')}\n`)
    })
    this.ended = endOf(child).finally(() => running.delete(this))
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>
      this.lines.push(line)
      if (line['msg'] !== 'listening') return
      this.#port = Number(line['port'])
      this.#onPort()
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** For `connect` of the client. */
  get url(): string {
    if (this.#port === undefined) throw new Error('the node does not serve yet')
    return `kv://127.0.0.1:${this.#port}`
  }

  async ready(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), startTimeoutMs)
    const early = this.ended.then(({ code, signal, stderr }): never => {
      throw new Error(`the node ended with ${code ?? signal}: ${stderr}`)
    })
    early.catch(() => undefined)
    const listening = new Promise<void>((resolve) => {
      this.#onPort = resolve
      if (this.#port !== undefined) resolve()
    })
    await Promise.race([listening, early]).finally(() => clearTimeout(timer))
  }

  /** Sends a signal to this process alone, and waits for its end. */
  end(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }

  /** Stops every thread; what the kernel was doing for one is over when this resolves. */
  async pause(): Promise<void> {
    this.#child.kill('SIGSTOP')
    await this.paused()
  }

  /** Resolves once every thread is stopped. */
  async paused(): Promise<void> {
    while (!threadStates(this.pid).every((state) => state === 'T')) await delay(1)
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** How many lines it has logged with this text. */
  logged(text: string): number {
    return this.lines.filter((line) => String(line['msg']).includes(text)).length
  }

  /** Descriptors that it has open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }
}

/** As proc(5) has them, behind the command's name in parentheses. */
function threadStates(pid: number): string[] {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).map((task) => {
    const stat = readFileSync(`${tasks}/${task}/stat`, 'latin1')
    return stat[stat.lastIndexOf(')') + 2]!
  })
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, stderr }
}
