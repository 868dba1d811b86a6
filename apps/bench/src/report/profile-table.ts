import { formatValue } from '../results/format-value.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import type { TitledTable } from './table.ts'

const linesShown = 10

/** Where the time went in each case that was profiled; nothing when none was. */
export function profileTable({ profiles = [] }: WorkloadRun): TitledTable[] {
  if (profiles.length === 0) return []
  return [
    {
      title: "Profile of the driver's main thread, what functions call left out",
      isMinor: true,
      table: {
        columns: [
          { title: 'case' },
          { title: 'function' },
          { title: 'share of the time', isNumber: true },
        ],
        rows: profiles.flatMap(({ case: name, lines }) =>
          lines.slice(0, linesShown).map((line, at) => ({
            cells: [at === 0 ? name : '', line.function, formatValue(line.share, '%')],
          })),
        ),
      },
    },
  ]
}
