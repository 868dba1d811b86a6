/** The worker thread of a store. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { assert } from '../assert.ts'
import { systemClock } from '../clock.ts'
import { blockingFileSystem } from '../file-system/blocking-file-system.ts'
import { describeFailure, type JobAnswer, type JobRequest, workerReady } from './job-messages.ts'
import { type Jobs, ThisThreadJobs } from './jobs.ts'

/**
 * Of this thread alone, on Linux: it yields the processor a little to whoever answers requests. Not more, as on a busy
 * machine it would hardly run at all, and merges would fall behind for ever; what holds them back is their pace.
 */
const niceness = 2

assert(parentPort !== null, 'this module runs on a worker thread')
const port = parentPort
if (process.platform === 'linux') {
  try {
    setPriority(niceness)
  } catch {
    // A sandbox may forbid it. Jobs are done all the same.
  }
}
const jobs: Jobs = new ThisThreadJobs(blockingFileSystem, systemClock)

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
port.postMessage(workerReady)
port.on('message', (request: JobRequest) => {
  const { id } = request
  run(request).then(
    (result) => answer({ id, result }),
    (error: unknown) => answer({ id, failure: describeFailure(error) }),
  )
})

function run({ name, input }: JobRequest): Promise<unknown> {
  return (jobs[name] as (input: unknown) => Promise<unknown>).call(jobs, input)
}

function answer(message: JobAnswer): void {
  port.postMessage(message)
}
