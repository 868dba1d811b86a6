import type { RunFile, WorkloadRun } from './run-file.ts'

export interface NewestWorkload {
  readonly run: RunFile
  readonly workload: WorkloadRun
}

/**
 * Of every workload the newest run that has it. In the order of the oldest run; what later ones add comes after.
 */
export function newestWorkloads(runs: readonly RunFile[]): NewestWorkload[] {
  const newest = new Map<string, NewestWorkload>()
  for (const run of inOrder(runs)) {
    for (const workload of run.workloads) newest.set(workload.name, { run, workload })
  }
  return [...newest.values()]
}

/** Oldest first, whatever the order they were read in. */
export function inOrder(runs: readonly RunFile[]): RunFile[] {
  return [...runs].sort((a, b) =>
    a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0,
  )
}
