import { Worker } from 'node:worker_threads'

/**
 * Ends the process when a case does not end, and says which. It lives in another thread: an endless chain of
 * microtasks lets no timer of this one run.
 */
export class Watchdog {
  readonly #worker = new Worker(new URL('watchdog-worker.ts', import.meta.url))

  constructor() {
    this.#worker.unref()
  }

  /** A case begins, and the one before has ended. */
  watch(name: string): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    this.#worker.postMessage(name)
  }
}
