import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFailed, TestRunner } from 'vitest'

const serverMain = join(import.meta.dirname, '../../packages/server/dist/main.js')
const startTimeoutMs = 60_000
/** With little memory and much data it takes its time. */
const endTimeoutMs = 60_000
/** Of the log of a node, when its drill failed. */
const linesShown = 20
const running = new Set<DrillNode>()

/** A line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>>

/** How a node ended: as its wrapper ended, which ends as the server did. */
export interface DrillEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export interface DrillNodeOptions {
  /** A command that runs another one: program and arguments, before those of the server. */
  readonly wrapper?: readonly string[]
  /** Flags of the server. */
  readonly flags?: readonly string[]
  /** Variables beside PATH. */
  readonly variables?: NodeJS.ProcessEnv
}

/**
 * The built server as a process of its own on a free port of 127.0.0.1, perhaps under a wrapper such as `strace` or
 * `prlimit`. The wrapper and all it starts are one process group, which ends with this process at the latest.
 */
export class DrillNode {
  /** All that it has logged. */
  readonly lines: LogLine[] = []
  readonly ended: Promise<DrillEnd>
  readonly #child: ChildProcess
  readonly #waiting = new Set<{ text: string; resolve: (line: LogLine) => void }>()

  /** Starts the process; whether it serves is for {@link ready} to say. */
  static spawn(dataDirectory: string, options: DrillNodeOptions = {}): DrillNode {
    const { wrapper = [], flags = [], variables = {} } = options
    const server = [process.execPath, serverMain, '--data-dir', dataDirectory, '--port', '0']
    const [program, ...args] = [...wrapper, ...server, '--log-format', 'json', ...flags]
    const child = spawn(program!, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...variables },
      // A group of its own: what is done to this process's group is not done to it.
      detached: true,
    })
    endGroupWithThisProcess(child)
    return new DrillNode(child)
  }

  /** Starts a node and waits until it serves. */
  static async start(dataDirectory: string, options: DrillNodeOptions = {}): Promise<DrillNode> {
    const node = DrillNode.spawn(dataDirectory, options)
    await node.ready()
    return node
  }

  /** Ends whatever a drill has left running. */
  static async endAll(): Promise<void> {
    await Promise.all([...running].map((node) => node.killGroup()))
  }

  private constructor(child: ChildProcess) {
    this.#child = child
    running.add(this)
    this.ended = endOf(child).finally(() => running.delete(this))
    // One that several tests begin with is started outside of them.
    if (TestRunner.getCurrentTest() !== undefined) onTestFailed(() => this.#showLog())
    createInterface({ input: child.stdout! }).on('line', (text) => this.#logged(text))
  }

  /** Of the server itself, whatever it was started under; before its first words, of the wrapper. */
  get pid(): number {
    const [line] = this.linesWith('is starting')
    return line === undefined ? this.#child.pid! : Number(line['pid'])
  }

  get port(): number {
    const [line] = this.linesWith('listening')
    if (line === undefined) throw new Error('the node does not serve yet')
    return Number(line['port'])
  }

  /** For `connect` of the client. */
  get url(): string {
    return `kv://127.0.0.1:${this.port}`
  }

  /** Resolves once it serves. Throws what it wrote to stderr when it ends before that. */
  async ready(): Promise<void> {
    const timer = setTimeout(() => void this.killGroup(), startTimeoutMs)
    const early = this.ended.then(({ code, signal, stderr }): never => {
      throw new Error(`the node ended with ${code ?? signal}: ${stderr}`)
    })
    // Once it serves, how it ends is for the drill to see.
    early.catch(() => undefined)
    try {
      await Promise.race([this.logged('listening'), early])
    } finally {
      clearTimeout(timer)
    }
  }

  /** What it has logged so far with this text. */
  linesWith(text: string): LogLine[] {
    return this.lines.filter((line) => hasText(line, text))
  }

  /** Resolves with the first log line that has this text. */
  logged(text: string): Promise<LogLine> {
    const [line] = this.linesWith(text)
    if (line !== undefined) return Promise.resolve(line)
    return new Promise((resolve) => this.#waiting.add({ text, resolve }))
  }

  /** Sends a signal to the server alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      process.kill(this.pid, signal)
    }
  }

  /** Stops every thread of the server; what the kernel was doing for one is over when this resolves. */
  async pause(): Promise<void> {
    this.signal('SIGSTOP')
    while (!threadStates(this.pid).every((state) => state === 'T')) await delay(1)
  }

  /** Sends a signal to the server alone, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<DrillEnd> {
    this.signal(signal)
    return this.endedInTime()
  }

  /** How it ended, by itself or because of what was done to it. Throws when it does not end in time. */
  async endedInTime(): Promise<DrillEnd> {
    const stopping = new AbortController()
    const late = delay(endTimeoutMs, undefined, { signal: stopping.signal }).then(() => {
      throw new Error(`the node did not end within ${endTimeoutMs} ms`)
    })
    late.catch(() => undefined)
    try {
      return await Promise.race([this.ended, late])
    } finally {
      stopping.abort()
    }
  }

  /** Ends the server and its wrapper, in whatever state they are. */
  async killGroup(): Promise<DrillEnd> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      try {
        process.kill(-this.#child.pid!, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    return this.ended
  }

  #logged(text: string): void {
    const line = JSON.parse(text) as LogLine
    this.lines.push(line)
    for (const waiting of this.#waiting) {
      if (!hasText(line, waiting.text)) continue
      this.#waiting.delete(waiting)
      waiting.resolve(line)
    }
  }

  #showLog(): void {
    const tail = this.lines.slice(-linesShown).map((line) => JSON.stringify(line))
    process.stderr.write(`the node ${this.pid} logged at last:\n${tail.join('\n')}\n`)
  }
}

function hasText(line: LogLine, text: string): boolean {
  return String(line['msg']).includes(text)
}

/** As proc(5) has them, behind the command's name in parentheses. */
function threadStates(pid: number): string[] {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).map((task) => {
    const stat = readFileSync(`${tasks}/${task}/stat`, 'latin1')
    return stat[stat.lastIndexOf(')') + 2]!
  })
}

async function endOf(child: ChildProcess): Promise<DrillEnd> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, stderr }
}

/** A shell that waits for the end of its input, which is the end of this process, by SIGKILL too, and ends the group. */
function endGroupWithThisProcess(child: ChildProcess): void {
  const options: SpawnOptions = { stdio: ['pipe', 'ignore', 'ignore'], detached: true }
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "-$0"', String(child.pid)], options)
  child.once('close', () => guard.kill('SIGKILL'))
}
