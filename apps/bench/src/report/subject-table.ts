import type { WorkloadRun } from '../results/run-file.ts'
import { nothing, type Table } from './table.ts'

/** What was measured, in which versions, and how it was set up. */
export function subjectTable({ subjects }: WorkloadRun): Table {
  return {
    columns: [
      { title: 'subject' },
      { title: 'name' },
      { title: 'versions' },
      { title: 'a write is acknowledged' },
      { title: 'options that are not defaults' },
    ],
    rows: subjects
      .filter(({ side }) => side !== 'machine')
      .map(({ title, name, versions, acknowledges, options }) => ({
        cells: [
          title,
          { code: [name] },
          Object.entries(versions)
            .map(([of, version]) => `${of} ${version}`)
            .join(', ') || nothing,
          acknowledges || nothing,
          options.length === 0 ? 'none' : { code: options },
        ],
      })),
  }
}
