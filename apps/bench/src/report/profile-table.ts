import { formatValue } from '../results/format-value.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import type { TitledTable } from './table.ts'

const linesShown = 10

/** Where the time went, a group of rows for each case that was profiled; nothing when none was. */
export function profileTable({ profiles = [] }: WorkloadRun): TitledTable[] {
  if (profiles.length === 0) return []
  return [
    {
      title: "Profile of the driver's main thread, what functions call left out",
      isMinor: true,
      table: {
        columns: [{ title: 'function' }, { title: 'share of the time', isNumber: true }],
        rows: profiles.flatMap(({ case: name, lines }) => [
          { cells: [name, ''], isGroup: true as const },
          ...lines
            .slice(0, linesShown)
            .map((line) => ({ cells: [line.function, formatValue(line.share, '%')] })),
        ]),
      },
    },
  ]
}
