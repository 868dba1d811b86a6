import { terminalTable } from '../results/terminal-table.ts'
import { peers } from '../subjects/subjects.ts'
import { targets } from '../targets.ts'
import { workloads } from '../workloads/workloads.ts'

/** What there is to measure, against what, and which targets have to wait. */
export async function list(output: NodeJS.WritableStream): Promise<void> {
  const workloadTable = terminalTable(['workload', 'targets', 'what it measures'])
  for (const workload of workloads) {
    const { name, targets, title } = workload
    const reason = workload.obstacle?.()
    const missing = reason === undefined ? '' : ` (not here: ${reason})`
    workloadTable.push([name, targets.join(' '), `${title}${missing}`])
  }
  const peerTable = terminalTable(['peer', 'here', ''])
  for (const peer of peers) {
    const { name, title } = peer
    const found = await peer.find()
    peerTable.push(
      found.found
        ? [name, 'yes', Object.values(found.versions).join(', ')]
        : [name, 'no', `${title}: ${found.reason}; ${found.install}`],
    )
  }
  output.write(`${workloadTable.toString()}\n${peerTable.toString()}\n`)
  for (const { id, text } of targets.filter(({ notYet }) => notYet !== undefined)) {
    output.write(`not yet: ${id} ${text}\n`)
  }
  output.write(
    'pnpm bench put --quick        a look, in minutes\npnpm bench all                everything, for a record\npnpm bench report             the page\n',
  )
}
