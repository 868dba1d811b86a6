import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import { Model, type Submission } from '../crash/model.ts'
import { randomWrite } from '../crash/workload.ts'
import type { LifePlan, LifeWord } from './life.ts'

const main = fileURLToPath(new URL('life-main.ts', import.meta.url))

/** A process that lives the life of a store (`life-main.ts`), and what it says of it, in a model. */
export class LifeProcess {
  readonly #plan: LifePlan
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #random: SeededRandom
  readonly #submissions: Submission[] = []
  #model: Model
  /** How often the failpoint was reached. */
  hits = 0
  /** Reads that were answered during a pause. */
  reads = 0
  acknowledged = 0
  /** It came to its end. */
  isOver = false

  /** Processes that share a cache of compiled code, at this path, start sooner. */
  constructor(plan: LifePlan, compileCache: string) {
    this.#plan = plan
    this.#random = new SeededRandom(plan.seed)
    this.#model = new Model(new Map(plan.entries), plan.version)
    this.#child = spawn(process.execPath, [main, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
  }

  /** Of all that was said until the process ended. */
  get model(): Model {
    return this.#model
  }

  /** Kills it at the failpoint, if it is to be killed. Resolves when it has ended, with how it did. */
  async end(): Promise<{ signal: NodeJS.Signals | null; errors: string }> {
    const exit = once(this.#child, 'exit')
    const errors = text(this.#child.stderr)
    try {
      for await (const line of createInterface({ input: this.#child.stdout })) this.#hear(line)
    } finally {
      // It ends with the test that started it, however that ends.
      if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    }
    const [, signal] = (await exit) as [number | null, NodeJS.Signals | null]
    return { signal, errors: await errors }
  }

  #hear(line: string): void {
    const [word, first, second] = line.split(' ') as [LifeWord, string?, string?]
    switch (word) {
      case 'open':
        this.#model = this.#model.recovered(Number(first), 'kill')
        return
      case 'begin':
        this.#submissions.push(this.#model.submit(randomWrite(this.#random)))
        return
      case 'done':
        this.acknowledged++
        this.#model.acknowledge(this.#submissions[Number(first)]!, 'written')
        return
      case 'refused':
        if (second === 'not-applied') this.#model.refuse(this.#submissions[Number(first)]!)
        return
      case 'hit':
        this.hits++
        if (this.#plan.fault === 'kill') this.#child.kill('SIGKILL')
        return
      case 'read':
        this.reads++
        return
      case 'end':
        this.isOver = true
    }
  }
}
