import { type Clock, systemClock } from '../clock.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { nodeFileSystem } from '../file-system/node-file-system.ts'
import { type Jobs, ThisThreadJobs } from './jobs.ts'
import { WorkerJobs } from './worker-jobs.ts'

/** One worker thread for all stores of the process. */
const workerJobs = new WorkerJobs(systemClock)

/** Where the jobs of a store on `fileSystem` run: another thread can reach the real disk only. */
export function jobsOn(fileSystem: FileSystem, clock: Clock): Jobs {
  return fileSystem === nodeFileSystem ? workerJobs : new ThisThreadJobs(fileSystem, clock)
}
