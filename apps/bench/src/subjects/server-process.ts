/** Server programs of this machine: finding one, and running one as a child process. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { delimiter, isAbsolute, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endWithThisProcess } from '../end-with-this-process.ts'
import { packageVersion } from './package-version.ts'
import type { Availability, Server } from './subject.ts'

/** Brings every server that is measured. */
export const installCommand =
  'sudo apt-get install -y --no-install-recommends redis-server redis-tools etcd-server nats-server'

const startTimeoutMs = 15_000
const stopTimeoutMs = 10_000
const probeTimeoutMs = 1_000
const probePauseMs = 10
/** A port that was free may be taken before the server gets to it. */
const portsMax = 3
/** Enough for what a server says when it gives up. */
const outputCharsMax = 4_096

/** One option of a command line; a switch has no value. */
export type Option = readonly [flag: string, value?: string]

export interface ServerProgram {
  /** In PATH, or where Debian puts servers. */
  readonly name: string
  readonly options: (port: number) => readonly Option[]
  /** Resolves when the server on `port` answers requests; asked again whenever it rejects, or takes too long. */
  readonly probe: (port: number, signal: AbortSignal) => Promise<unknown>
  /** How long it may take until then. Default: 15 s. */
  readonly timeoutMs?: number
}

/** A server in a process of its own, on a free port of 127.0.0.1. It ends with this process at the latest. */
export class ServerProcess implements Server {
  readonly port: number
  readonly pid: number
  readonly #child: ChildProcess
  /** How it ended, in words. Comes when its output is closed, thus with its last child. */
  readonly #ended: Promise<string>
  /** Its last words. */
  #output = ''

  private constructor(child: ChildProcess, pid: number, port: number) {
    this.#child = child
    this.pid = pid
    this.port = port
    this.#ended = once(child, 'close').then(([code, signal]) => String(code ?? signal))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-outputCharsMax)
      })
    }
  }

  /** Starts `program` and waits until it answers. Throws what it printed when it ends before that. */
  static async start(program: ServerProgram): Promise<ServerProcess> {
    for (let ports = 1; ; ports++) {
      const server = await ServerProcess.#spawn(program)
      try {
        await server.#answers(program)
        return server
      } catch (error) {
        await server.kill()
        if (ports === portsMax || !/address already in use/i.test(server.#output)) throw error
      }
    }
  }

  static async #spawn({ name, options }: ServerProgram): Promise<ServerProcess> {
    const path = findProgram(name)
    if (path === undefined) throw new Error(missing(name))
    const port = await freePort()
    const args = options(port).flatMap((option) => option as readonly string[])
    // Without the variables of this process: a server must not take settings that nobody sees.
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} })
    await once(child, 'spawn')
    const pid = child.pid!
    endWithThisProcess(child)
    return new ServerProcess(child, pid, port)
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopTimeoutMs)
    this.#child.kill('SIGTERM')
    await this.#ended
    clearTimeout(timer)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async #answers({ name, probe, timeoutMs = startTimeoutMs }: ServerProgram): Promise<void> {
    const waiting = new AbortController()
    try {
      await Promise.race([
        answered(() => probe(this.port, AbortSignal.timeout(probeTimeoutMs)), waiting.signal),
        this.#ended.then((how) => this.#fail(`${name} ended with ${how}`)),
        delay(timeoutMs, undefined, { signal: waiting.signal }).then(() =>
          this.#fail(`${name} did not answer within ${timeoutMs} ms`),
        ),
      ])
    } finally {
      waiting.abort()
    }
  }

  #fail(what: string): never {
    throw new Error(`${what}; it printed:\n${this.#output}`)
  }
}

/** As its command line takes them, for people. */
export function printed(options: readonly Option[]): string[] {
  return options.map(([flag, value]) =>
    value === undefined ? flag : `${flag} ${value === '' ? "''" : value}`,
  )
}

/** Connects to `port`, says `request`, and gives what it is told first. */
export async function firstAnswer(
  port: number,
  request: string,
  signal: AbortSignal,
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write(request)
    const [answer] = await once(socket, 'data', { signal })
    return String(answer)
  } finally {
    socket.destroy()
  }
}

/** Whether the server `program` and the npm package `client` are here, and in which versions. */
export function findPeer(product: string, program: string, client: string): Availability {
  const version = programVersion(program)
  if (version === undefined) {
    return { found: false, reason: missing(program), install: installCommand }
  }
  const versions = {
    product: `${product} ${version}`,
    client: `${client} ${packageVersion(client)}`,
  }
  return { found: true, versions }
}

/** The path of a program in PATH, /usr/bin or /usr/sbin, which is not in everybody's PATH. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const paths = [...folders, '/usr/bin', '/usr/sbin'].map((folder) => join(folder, name))
  return paths.find(isExecutable)
}

/** What `name --version` says, such as `7.0.15`; undefined when there is no such program. */
export function programVersion(name: string): string | undefined {
  const path = findProgram(name)
  if (path === undefined) return undefined
  const said = execFileSync(path, ['--version'], { encoding: 'utf8' })
  const version = /\d+\.\d+\.\d+/.exec(said)?.[0]
  if (version === undefined) throw new Error(`${path} --version names no version: ${said}`)
  return version
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function missing(program: string): string {
  return `${program} is neither in PATH nor in /usr/bin or /usr/sbin`
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}

async function answered(probe: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await probe()
      return
    } catch {
      await delay(probePauseMs)
    }
  }
}
