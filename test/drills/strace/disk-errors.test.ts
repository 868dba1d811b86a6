/**
 * C11: syncs and writes of the real server fail, hang or take long, as strace makes the kernel answer. The server
 * must end with exit code 74, or refuse and go on; never may it acknowledge what the disk did not take; and after a
 * restart all that was acknowledged is there, with what was in doubt written anew.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExpectedState } from '../../../apps/bench/src/expected-state.ts'
import { ClassReport } from '../../../packages/engine/test/crash/class-report.ts'
import type { Request } from '../../../packages/protocol/src/index.ts'
import { DrillClient, type SentRequest } from '../drill-client.ts'
import { DrillNode } from '../drill-node.ts'
import { lacks, strace } from '../drill-tools.ts'
import { WriteLoad } from '../write-load.ts'
import { type DiskErrorCase, diskErrorCases, slowSyncMs } from './disk-error-cases.ts'
import { RecordedAnswers } from './recorded-answers.ts'
import { straceCommand, traceableVariables } from './strace-command.ts'
import { descriptorOf, readTrace } from './trace.ts'

const seed = Number(process.env['KV_SEED'] ?? 11)
const chosen = process.env['KV_CASE']
const writers = 4
const writesPerWriter = 60
/** With syncs that take long there is time for a few. */
const slowWritesPerWriter = 4
/** After so long without an answer a server is taken to hang, in ms. */
const hangMs = 400
const flags = ['--segment-bytes', '4096']
/** One thread in the pool: its n-th call is the n-th call of the file system that is not made on the main thread. */
const variables = { ...traceableVariables, UV_THREADPOOL_SIZE: '1' }

/** What Node calls the calls of the kernel in its errors. */
const nodeNames = new Map([['pwrite64', 'write']])
/** Files that everything rests on: an error of theirs is final. */
const vitalPath = /\/(log\/(\d+\.data|next)|marks)$/

const report = new ClassReport('C11', seed)

let directory: string
/** A store that was killed under load, which every case begins with a copy of. */
let base: Map<string, string>
let baseVersion: number

describe.skipIf(lacks('C11', [strace]))('C11', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kv-disk-errors-'))
    const expected = new ExpectedState()
    const node = await DrillNode.start(join(directory, 'base'), { flags })
    try {
      await runLoad(await openLoad(node, expected), writesPerWriter)
    } finally {
      await node.end('SIGKILL')
    }
    const again = await DrillNode.start(join(directory, 'base'), { flags })
    try {
      const client = await DrillClient.open(again.port)
      const content = await client.content()
      base = new Map([...content].map(([key, { value }]) => [key, value]))
      expected.check(base)
      baseVersion = (await client.ask({ kind: 'ping' })).index
    } finally {
      await again.end('SIGKILL')
    }
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  const cases = diskErrorCases(seed).filter(({ name }) => chosen === undefined || name === chosen)
  test.each(cases)('$name: $injection, and the server $consequence', async (diskError) => {
    const data = join(directory, diskError.name.replace(' ', '-'))
    await cp(join(directory, 'base'), data, {
      recursive: true,
      filter: (path) => !/\/LOCK\.[^/]*$/.test(path),
    })
    const drill = new DiskErrorDrill(diskError, data)
    await drill.run().catch((error: unknown) => {
      const replay = `KV_SEED=${seed} KV_CASE='${diskError.name}' pnpm test:drills disk-errors`
      throw new Error(`${String(error)}\nreplay: ${replay}`, { cause: error })
    })
    await rm(data, { recursive: true })
  })

  test('there were enough of them', () => {
    const floors = { cases: 44, faults: 40, failed: 18, acknowledged: 1_500 }
    const consequences = { refused: 6, slow: 40, hung: 4, died: 6, unstarted: 3, rewritten: 8 }
    report.finish(chosen === undefined ? { ...floors, ...consequences } : {})
  })
})

class DiskErrorDrill {
  readonly #case: DiskErrorCase
  readonly #data: string
  readonly #expected = new ExpectedState()

  constructor(diskError: DiskErrorCase, data: string) {
    this.#case = diskError
    this.#data = data
    for (const [key, value] of base) {
      this.#expected.sending(key, value)
      this.#expected.acknowledged(key)
    }
  }

  async run(): Promise<void> {
    report.count('cases')
    const life = new TracedLife(this.#data, baseVersion, [this.#case.injection])
    try {
      if (this.#case.consequence === 'does not start') await this.#startInVain(life)
      else await this.#work(life)
    } finally {
      await life.node.killGroup()
    }
    const { hits, answers } = life.read(this.#case.injection)
    expect(hits.length, 'calls that strace tampered with').toBeGreaterThan(0)
    report.count('faults')
    const isVital = hits.some(({ error, of }) => error === 'EIO' && vitalPath.test(of))
    if (isVital) expect((await life.node.endedInTime()).code, 'how it ended').toBe(74)
    await this.#restart(answers.synced)
  }

  async #startInVain({ node }: TracedLife): Promise<void> {
    expect(await node.endedInTime()).toMatchObject({
      code: 74,
      stderr: expect.stringMatching(/^kv: .*\n$/),
    })
    report.count('unstarted')
  }

  async #work(life: TracedLife): Promise<void> {
    const { node } = life
    const { consequence } = this.#case
    await node.ready()
    const load = await openLoad(node, this.#expected, life.sent)
    const ended = runLoad(load, consequence === 'is slow' ? slowWritesPerWriter : writesPerWriter)
    switch (consequence) {
      case 'fails':
        await this.#fail(life, ended)
        break
      case 'refuses':
        await ended
        await this.#refuse(node, load)
        break
      case 'is slow':
        await ended
        for (const { latenciesMs } of load) {
          expect(Math.min(...latenciesMs), 'ms to an answer').toBeGreaterThanOrEqual(slowSyncMs)
          report.count('slow', latenciesMs.length)
        }
        expect(await node.end('SIGTERM')).toMatchObject({ code: 0 })
        break
      case 'hangs':
        await this.#hang(node, load)
        await ended
        break
      case 'dies':
        await ended
        expect(await node.endedInTime()).toMatchObject({ signal: 'SIGKILL' })
        report.count('died')
        break
      case 'does not start':
        throw new Error('it has started')
    }
    report.count(
      'acknowledged',
      load.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    )
  }

  /** What hits the log is final; what hits a hint or a merge leaves the rest as it is. */
  async #fail({ node }: TracedLife, ended: Promise<void>): Promise<void> {
    await ended
    await Promise.race([node.ended, delay(hangMs)])
    const [last] = node.linesWith('a disk error has ended')
    if (last === undefined) {
      expect(await node.end('SIGTERM')).toMatchObject({ code: 0 })
      report.count('spared')
      return
    }
    expect(await node.endedInTime()).toMatchObject({ code: 74, signal: null })
    const [, call = '', code = ''] = /^(\w+):error=(\w+):/.exec(this.#case.injection)!
    expect(last).toMatchObject({
      level: 'error',
      err: {
        message: expect.stringMatching(new RegExp(`${code}.*${nodeNames.get(call) ?? call}`)),
      },
    })
    expect(await node.logged('the disk failed')).toMatchObject({ level: 'fatal' })
    report.count('failed')
  }

  async #refuse(node: DrillNode, load: readonly WriteLoad[]): Promise<void> {
    const errors = load.flatMap(({ errors }) => errors)
    for (const code of errors) expect(code).toBe('KV_DISK_FULL')
    report.count('refused', errors.length)
    // It goes on by itself.
    await runLoad(load, 3)
    expect(load.flatMap(({ errors }) => errors)).toHaveLength(errors.length)
    expect(await node.end('SIGTERM')).toMatchObject({ code: 0 })
  }

  async #hang(node: DrillNode, load: readonly WriteLoad[]): Promise<void> {
    const count = (): number => load.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
    for (let before = -1; before < count(); await delay(hangMs)) before = count()
    const before = count()
    await delay(hangMs)
    expect(count(), 'answers while the disk hangs').toBe(before)
    // strace does not let go of a thread that it holds up: both end together.
    await node.killGroup()
    report.count('hung')
  }

  /** All that was acknowledged is there, and nothing is shown before it was written anew and synced. */
  async #restart(synced: number): Promise<void> {
    const life = new TracedLife(this.#data, synced)
    await life.node.ready()
    try {
      const client = await DrillClient.open(life.node.port, life.sent)
      const content = await client.content()
      this.#expected.check(new Map([...content].map(([key, { value }]) => [key, value])))
      expect(await life.node.end('SIGTERM')).toMatchObject({ code: 0 })
    } finally {
      await life.node.killGroup()
    }
    if (life.read().answers.synced > synced) report.count('rewritten')
  }
}

/** A server under strace, and what it said. */
class TracedLife {
  readonly node: DrillNode
  readonly #trace: string
  readonly #synced: number
  readonly #sent = new Map<string, Request>()

  constructor(data: string, synced: number, injections: readonly string[] = []) {
    this.#trace = `${data}.trace`
    this.#synced = synced
    this.node = DrillNode.spawn(data, {
      wrapper: straceCommand(this.#trace, injections),
      flags,
      variables,
    })
  }

  readonly sent = (port: number, id: number, request: Request): void => {
    this.#sent.set(`${port}/${id}`, request)
  }

  /** Also the calls that `injection` has hit. Throws for an answer that left before what it says was true. */
  read(injection = ''): { answers: RecordedAnswers; hits: readonly Hit[] } {
    const requestOf = (port: number, id: number): Request | undefined =>
      this.#sent.get(`${port}/${id}`)
    const answers = new RecordedAnswers(requestOf, true, this.#synced)
    const hits: Hit[] = []
    for (const event of readTrace(this.#trace)) {
      answers.take(event)
      const { type, call } = event
      // One that hung, or in which the process was killed, has no end.
      const isOpen = injection.startsWith(`${call.name}:`) && call.end === Number.POSITIVE_INFINITY
      if (type === 'begin' && (call.isTamperedWith || isOpen)) {
        hits.push({ error: call.error, of: descriptorOf(call)?.of ?? '' })
      }
    }
    return { answers, hits }
  }
}

interface Hit {
  readonly error: string | undefined
  /** The path of the descriptor, if the call is about one. */
  readonly of: string
}

/** One connection for each writer. */
function openLoad(
  node: DrillNode,
  expected: ExpectedState,
  sent?: SentRequest,
): Promise<WriteLoad[]> {
  return Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const client = await DrillClient.open(node.port, sent)
      return new WriteLoad(client, writer, seed * 100 + writer, expected)
    }),
  )
}

async function runLoad(load: readonly WriteLoad[], writes: number): Promise<void> {
  await Promise.all(load.map((writer) => writer.write(writes)))
}
