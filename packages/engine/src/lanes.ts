/** Threads that Node has for files, unless the environment says otherwise. */
const threadsByDefault = 4

/** Those who had their turn are dropped so many at a time. */
const compactedAt = 1024

/** Threads that file operations of this process share. */
export function poolThreads(environment: NodeJS.ProcessEnv = process.env): number {
  const given = Number.parseInt(environment['UV_THREADPOOL_SIZE'] ?? '', 10)
  return given >= 1 ? Math.min(given, 1024) : threadsByDefault
}

/** So many at once; who comes later waits for its turn. */
export class Lanes {
  readonly #count: number
  #underWay = 0
  readonly #waiting: (() => void)[] = []
  #nextWaiting = 0

  constructor(count: number) {
    this.#count = count
  }

  get underWay(): number {
    return this.#underWay
  }

  get waiting(): number {
    return this.#waiting.length - this.#nextWaiting
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#count) {
      // Whoever ends hands over its lane.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.#underWay++
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting[this.#nextWaiting]
      if (next === undefined) {
        this.#underWay--
        this.#waiting.length = 0
        this.#nextWaiting = 0
      } else {
        this.#nextWaiting++
        if (this.#nextWaiting === compactedAt) {
          this.#waiting.splice(0, compactedAt)
          this.#nextWaiting = 0
        }
        next()
      }
    }
  }
}
