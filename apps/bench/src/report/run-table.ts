import { formatValue } from '../results/format-value.ts'
import { inOrder, newestWorkloads } from '../results/newest-workloads.ts'
import type { RunFile } from '../results/run-file.ts'
import type { Table } from './table.ts'

/** Every run: when, with which command, where. Runs are numbered from 1, oldest first. */
export function runTable(runs: readonly RunFile[]): Table {
  const used = newestWorkloads(runs)
  return {
    columns: [
      { title: 'run' },
      { title: 'began' },
      { title: 'command' },
      { title: 'its workloads below' },
      { title: 'machine' },
      { title: 'load before' },
    ],
    rows: inOrder(runs).map((run, at) => ({
      cells: [
        `${at + 1}${run.quick ? ', quick' : ''}`,
        `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
        { code: [run.command] },
        used
          .filter((each) => each.run === run)
          .map(({ workload }) => workload.name)
          .join(', ') || 'none: newer runs have them',
        machineOf(run),
        String(run.machine.loadAverage),
      ],
    })),
  }
}

function machineOf({ machine }: RunFile): string {
  const { cpu, cores, memoryBytes, system, kernel, fileSystem, node } = machine
  const memory = formatValue(memoryBytes, 'B')
  return `${cores} × ${cpu}, ${memory}, ${system}, kernel ${kernel}, ${fileSystem}, Node ${node}`
}
