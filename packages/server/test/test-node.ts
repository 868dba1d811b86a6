/** A node in this process, on a free port and in a directory of its own, with what it logged. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { Writable } from 'node:stream'
import type { PlainMap, StatsAnswer } from '@kv/protocol'
import pino from 'pino'
import { readConfig } from '../src/config.ts'
import type { Logger } from '../src/logging.ts'
import { Node } from '../src/node.ts'
import type { Config } from '../src/settings.ts'
import { RawClient } from './raw-client.ts'

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export class TestNode implements AsyncDisposable {
  readonly node: Node
  readonly directory: string
  readonly lines: LogLine[]
  readonly #clients: RawClient[] = []

  static async start(...flags: string[]): Promise<TestNode> {
    const directory = await temporaryDirectory()
    const lines: LogLine[] = []
    const config = await testConfig('--data-dir', `${directory}/data`, '--port', '0', ...flags)
    const node = await Node.start({
      config,
      logger: recordingLogger(lines, config.logLevel),
      onDiskFailure: () => undefined,
    })
    return new TestNode(node, directory, lines)
  }

  private constructor(node: Node, directory: string, lines: LogLine[]) {
    this.node = node
    this.directory = directory
    this.lines = lines
  }

  get port(): number {
    return this.node.address.port
  }

  /** A client that said hello. */
  async open(): Promise<RawClient> {
    const client = await RawClient.open(this.port)
    this.#clients.push(client)
    return client
  }

  /** A client that said nothing yet. */
  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.port)
    this.#clients.push(client)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy()
    await this.node.stop()
    await rm(this.directory, { recursive: true })
  }
}

export function temporaryDirectory(): Promise<string> {
  return mkdtemp(`${tmpdir()}/kv-server-`)
}

/** The configuration that these flags give. */
export async function testConfig(...flags: string[]): Promise<Config> {
  const outcome = await readConfig({ argv: flags, environment: {}, version: 'test' })
  if (outcome.type !== 'run') throw new Error('the flags ask for a text')
  return outcome.config
}

export function recordingLogger(lines: LogLine[], level = 'debug'): Logger {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as LogLine)
      done()
    },
  })
  return pino({ level, formatters: { level: (label) => ({ level: label }) } }, stream)
}

/** The server's half of the stats, asked for over `client`. */
export async function serverStatsOf(client: RawClient): Promise<PlainMap> {
  const { stats } = (await client.ask({ kind: 'stats' })) as StatsAnswer
  return stats['server'] as PlainMap
}
