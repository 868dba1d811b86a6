import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'

export interface ProcessUsage {
  /** User and system time since the process began, in seconds. */
  readonly cpuSeconds: number
  readonly rssBytes: number
}

/** What a process has used so far, from /proc (proc(5)): columns 14 and 15 of `stat`, `VmRSS` of `status`. Linux. */
export async function processUsage(pid: number): Promise<ProcessUsage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name, the second column, may hold spaces and parentheses.
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(columns[11]) + Number(columns[12])
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kibi = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
  return { cpuSeconds: ticks / ticksPerSecond(), rssBytes: kibi * 1_024 }
}

let ticks: number | undefined

function ticksPerSecond(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticks
}
