import { Worker } from 'node:worker_threads'
import type { Clock } from '../clock.ts'
import { KvError } from '../errors.ts'
import type { MergeJob, MergeJobResult } from '../merge/merge-job.ts'
import type { SegmentWithoutHint } from '../segment-hint.ts'
import {
  failureError,
  type JobAnswer,
  type JobInput,
  type JobName,
  type JobRequest,
  type JobResult,
  workerReady,
} from './job-messages.ts'
import type { Jobs } from './jobs.ts'

/** A worker that has had nothing to do for so long ends, in ms: it takes some 30 MB. */
const idleMsMax = 2_000
/** Of the worker's heap, for what was just made, in MB: it is garbage soon, and V8's own limit is 192. */
const youngHeapMb = 16

interface PendingJob {
  resolve(result: unknown): void
  reject(error: Error): void
}

/**
 * Does jobs on a worker thread, which starts with the first one and ends when there are none for a while. Jobs
 * run side by side on it. A worker that dies fails those it had.
 */
export class WorkerJobs implements Jobs {
  readonly #clock: Clock
  readonly #workerUrl: URL
  readonly #pending = new Map<number, PendingJob>()
  #worker: Worker | undefined
  #cancelEnd: () => void = () => undefined
  #lastId = 0

  constructor(clock: Clock, workerUrl: URL = jobWorkerUrl()) {
    this.#clock = clock
    this.#workerUrl = workerUrl
  }

  writeSegmentHint(segment: SegmentWithoutHint): Promise<void> {
    return this.#run('writeSegmentHint', segment)
  }

  async merge(job: MergeJob): Promise<MergeJobResult> {
    const result = await this.#run('merge', job)
    // Buffers arrive as plain arrays of bytes.
    const outputs = result.outputs.map((named) => ({
      ...named,
      lowestKey: Buffer.from(named.lowestKey),
      highestKey: Buffer.from(named.highestKey),
    }))
    return { ...result, outputs }
  }

  #run<N extends JobName>(name: N, input: JobInput<N>): Promise<JobResult<N>> {
    this.#cancelEnd()
    const worker = (this.#worker ??= this.#start())
    // While it works it keeps the process alive.
    worker.ref()
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve, reject })
      const request: JobRequest<N> = { id, name, input }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(request)
    })
  }

  #start(): Worker {
    const worker = new Worker(this.#workerUrl, {
      name: 'kv-engine',
      resourceLimits: { maxYoungGenerationSizeMb: youngHeapMb },
    })
    let isReady = false
    worker.on('message', (message: JobAnswer | typeof workerReady) => {
      if (message === workerReady) isReady = true
      else this.#settle(message)
    })
    let cause: unknown
    worker.on('error', (thrown) => {
      cause = thrown
    })
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      // Only now: an error may come before what the thread had said until then, which all has come by its exit.
      const error = endError(cause, isReady)
      for (const job of this.#pending.values()) job.reject(error)
      this.#pending.clear()
    })
    return worker
  }

  #settle(answer: JobAnswer): void {
    const job = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if (this.#pending.size === 0) this.#endWhenIdle()
    if ('failure' in answer) job?.reject(failureError(answer.failure))
    else job?.resolve(answer.result)
  }

  #endWhenIdle(): void {
    const worker = this.#worker
    worker?.unref()
    this.#cancelEnd = this.#clock.after(idleMsMax, () => {
      this.#worker = undefined
      // It has nothing to do and holds nothing.
      worker?.terminate().catch(() => undefined)
    })
  }
}

function endError(cause: unknown, wasReady: boolean): Error {
  if (cause === undefined) return new Error('the worker thread ended')
  return wasReady ? new Error('the worker thread failed', { cause }) : notStarted(cause)
}

/** A thread needs memory and some descriptors of its own, and reads its modules: all of that passes. */
function notStarted(cause: unknown): KvError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new KvError(
    'KV_TRY_LATER',
    `a thread for this work could not be started (${reason}); nothing was changed; try again`,
    { cause, details: { retryAfterMs: 50 } },
  )
}

/** Beside this module, as source or built. */
function jobWorkerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./job-worker.${extension}`, import.meta.url)
}
