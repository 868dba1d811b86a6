import { ourSubject } from '../results/ratios.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import { curvePlots } from './curve-plot.ts'
import { percentilesOfCases, percentilesOfStores } from './percentile-plot.ts'
import type { Plot } from './plot.ts'
import { ratioPlot } from './ratio-plot.ts'
import { timelinePlots } from './timeline-plot.ts'

/** The pictures of a workload: who is better, how it scales, how latency is spread, and what happens over time. */
export function plotsOf(workload: WorkloadRun): Plot[] {
  const ratios = ratioPlot(workload)
  return [
    ...(ratios === undefined ? [] : [ratios]),
    ...curvePlots(workload),
    ...percentilePlots(workload),
    ...timelinePlots(workload),
  ]
}

/** Of closed loops one case is enough: latency there follows from throughput. */
const closedLoopCase = /^(new|uniform), 50 in flight$/

function percentilePlots(workload: WorkloadRun): Plot[] {
  const names = workload.cases.map(({ name }) => name)
  const isOpenLoop = workload.name === 'latency'
  const ours = ourSubject(workload)
  const plots =
    workload.name === 'merge' && ours !== undefined
      ? ['get', 'put'].map((kind) =>
          percentilesOfCases(
            workload,
            ours.name,
            `${kind}, without a merge and with one`,
            names.filter((name) => name.startsWith(`${kind}, `)),
          ),
        )
      : names
          .filter((name) => isOpenLoop || closedLoopCase.test(name))
          .map((name) => percentilesOfStores(workload, name))
  return plots.filter((plot) => plot !== undefined)
}
