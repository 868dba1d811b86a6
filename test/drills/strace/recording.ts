/**
 * A real server, recorded by strace through several lives on one directory while clients write: so small that it
 * rolls, seals, hints and merges all the time; ended by SIGTERM and by SIGKILL; started from an image of its keydir
 * and from a log that nobody closed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SeededRandom } from '../../../packages/engine/src/file-system/seeded-random.ts'
import { textKey } from '../../../packages/engine/src/key-text.ts'
import { KvError, type Operation, type Request } from '../../../packages/protocol/src/index.ts'
import { DrillClient } from '../drill-client.ts'
import { DrillNode } from '../drill-node.ts'
import { type LeftFiles, leftFilesOf } from './left-files.ts'
import { writtenVersion } from './recorded-answers.ts'
import { straceCommand, traceableVariables } from './strace-command.ts'

export const segmentBytes = 4_096
const writers = 6
const keysPerWriter = 8

interface Life {
  readonly durability: 'always' | 'interval'
  /** Of each writer. */
  readonly writes: number
  readonly merges: number
  readonly end: 'SIGTERM' | 'SIGKILL'
}

const lives: readonly Life[] = [
  { durability: 'always', writes: 56, merges: 3, end: 'SIGTERM' },
  { durability: 'always', writes: 56, merges: 3, end: 'SIGKILL' },
  { durability: 'always', writes: 56, merges: 3, end: 'SIGTERM' },
  { durability: 'interval', writes: 56, merges: 3, end: 'SIGKILL' },
  { durability: 'always', writes: 10, merges: 1, end: 'SIGTERM' },
]

interface RecordedLife {
  /** Path of the trace, inside the recording's directory. */
  readonly trace: string
  readonly isAlways: boolean
  /** What clients sent, by their port and the request's id. */
  readonly sent: readonly (readonly [where: string, request: Request])[]
  /** As they were when it had ended. */
  readonly left: LeftFiles
}

/** All there is to know of a recording; its traces lie beside it. */
export interface Recording {
  /** The directory whose content is recorded. */
  readonly root: string
  readonly seed: number
  readonly lives: readonly RecordedLife[]
  /** Every write that was made, by the version of its first operation. */
  readonly writes: readonly (readonly [version: number, operations: readonly Operation[]])[]
}

const fileName = 'recording.json'

/** The data directory is `/data` below the root. */
export const dataPath = '/data'

/** Records all lives into `directory`, from where {@link readRecording} gets them back. */
export async function record(directory: string, seed: number): Promise<Recording> {
  const recorder = new Recorder(directory, seed)
  for (const life of lives) await recorder.live(life)
  const recording = recorder.recording()
  writeFileSync(join(directory, fileName), JSON.stringify(recording))
  return recording
}

export function readRecording(directory: string): Recording {
  return JSON.parse(readFileSync(join(directory, fileName), 'utf8'), (_, value) => {
    const isBytes = value?.type === 'Buffer' && Array.isArray(value.data)
    return isBytes ? Buffer.from(value.data) : value
  }) as Recording
}

class Recorder {
  readonly #directory: string
  readonly #root: string
  readonly #seed: number
  readonly #random: SeededRandom
  readonly #lives: RecordedLife[] = []
  readonly #writes: [number, readonly Operation[]][] = []
  /** What was sent and not answered when the last server died. */
  #doubtful: (readonly Operation[])[] = []
  #serial = 0

  constructor(directory: string, seed: number) {
    this.#directory = directory
    this.#root = join(directory, 'root')
    this.#seed = seed
    this.#random = new SeededRandom(seed)
  }

  recording(): Recording {
    return { root: this.#root, seed: this.#seed, lives: this.#lives, writes: this.#writes }
  }

  async live({ durability, writes, merges, end }: Life): Promise<void> {
    await mkdir(this.#root, { recursive: true })
    const trace = `life-${this.#lives.length + 1}.trace`
    const sent: [string, Request][] = []
    const flags = ['--durability', durability, '--sync-interval-ms', '20']
    const node = await DrillNode.start(`${this.#root}${dataPath}`, {
      wrapper: straceCommand(join(this.#directory, trace)),
      flags: [...flags, '--segment-bytes', String(segmentBytes)],
      variables: traceableVariables,
    })
    try {
      const open = (): Promise<DrillClient> =>
        DrillClient.open(node.port, (port, id, request) => {
          sent.push([`${port}/${id}`, request])
        })
      const clients = await Promise.all(Array.from({ length: writers }, open))
      const control = await open()
      await this.#settle(control)
      const load = clients.map((client, writer) => this.#write(client, writer, writes))
      for (let merge = 0; merge < merges; merge++)
        await control.ask({ kind: 'merge', action: 'now' })
      await Promise.all(load)
      if (end === 'SIGKILL') await this.#killUnderLoad(node, clients)
      else await node.end('SIGTERM')
    } finally {
      await node.killGroup()
    }
    const left = leftFilesOf(this.#root)
    this.#lives.push({ trace, isAlways: durability === 'always', sent, left })
  }

  /** Writes of which nobody knows whether they were made: only puts, each of a value of its own, which tells. */
  async #killUnderLoad(node: DrillNode, clients: readonly DrillClient[]): Promise<void> {
    let answered = 0
    const enough = Promise.withResolvers<void>()
    const load = clients.map(async (client, writer) => {
      for (;;) {
        const operations = this.#puts(writer, 1 + this.#random.below(3))
        if (!(await this.#make(client, operations))) {
          this.#doubtful.push(operations)
          return
        }
        if (++answered === 40) enough.resolve()
      }
    })
    await enough.promise
    await node.end('SIGKILL')
    await Promise.all(load)
  }

  /** Finds out which of the doubtful writes were made. */
  async #settle(client: DrillClient): Promise<void> {
    const content = await client.content()
    for (const operations of this.#doubtful) {
      const [first] = operations
      const found = content.get(first!.key.toString())
      if (first?.type === 'put' && found?.value === first.value.toString()) {
        this.#writes.push([found.version, operations])
      }
    }
    this.#doubtful = []
  }

  async #write(client: DrillClient, writer: number, writes: number): Promise<void> {
    for (let write = 0; write < writes; write++) {
      const chance = this.#random.below(10)
      if (chance === 0) {
        await client.ask({ kind: 'get', key: this.#key(writer) })
      } else if (chance <= 2) {
        await this.#make(client, [{ type: 'delete', key: this.#key(writer) }])
      } else {
        await this.#make(client, this.#puts(writer, chance === 3 ? 2 + this.#random.below(4) : 1))
      }
    }
  }

  /** False when the server died before it answered. */
  async #make(client: DrillClient, operations: readonly Operation[]): Promise<boolean> {
    const request = this.#request(operations)
    const answer = await client.tell(request)
    if (answer instanceof KvError) {
      if (answer.code !== 'KV_OUTCOME_UNKNOWN') throw answer
      return false
    }
    const lastVersion = writtenVersion(request, answer)
    if (lastVersion !== undefined) {
      this.#writes.push([lastVersion - operations.length + 1, operations])
    }
    return true
  }

  #request(
    operations: readonly Operation[],
  ): Extract<Request, { kind: 'put' | 'delete' | 'batch' }> {
    const options = this.#random.below(6) === 0 ? { durability: 'synced' as const } : {}
    const [first] = operations
    if (operations.length > 1) return { kind: 'batch', operations, options }
    if (first!.type === 'put') return { kind: 'put', key: first!.key, value: first!.value, options }
    return { kind: 'delete', key: first!.key, options }
  }

  #puts(writer: number, count: number): Operation[] {
    const keys = new Set<string>()
    while (keys.size < count) keys.add(this.#key(writer).toString())
    return Array.from(keys, (key) => ({ type: 'put', key: textKey(key), value: this.#value() }))
  }

  #key(writer: number): Buffer {
    return textKey(`writer ${writer} key ${this.#random.below(keysPerWriter)}`)
  }

  /** Mostly short; now and then over several sectors. No two are the same. */
  #value(): Buffer {
    const length = this.#random.below(8) === 0 ? this.#random.below(3_000) : this.#random.below(200)
    return textKey(`${++this.#serial}:${'x'.repeat(length)}`)
  }
}
