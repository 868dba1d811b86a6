import { terminalTable } from '../results/terminal-table.ts'
import { peers } from '../subjects/subjects.ts'
import { targets } from '../targets.ts'
import { workloads } from '../workloads/workloads.ts'

const examples = `
pnpm bench put --quick        a look, in minutes
pnpm bench all                everything, for a record
pnpm bench report             the page of what was measured
npm run --silent bench -- ... the same without pnpm
`

/** What there is to measure, against what, and which targets have to wait. */
export async function list(output: NodeJS.WritableStream): Promise<void> {
  const workloadTable = terminalTable(['workload', 'targets', 'what it measures'])
  for (const workload of workloads) {
    const { name, title } = workload
    const reason = workload.obstacle?.()
    const missing = reason === undefined ? '' : ` (not here: ${reason})`
    workloadTable.push([name, workload.targets.join(' '), `${title}${missing}`])
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
  for (const { id, text, notYet } of targets) {
    output.write(`${notYet === undefined ? 'target' : 'not yet:'} ${id} ${text}\n`)
  }
  output.write(examples)
}
