import { join } from 'node:path'

const root: string = join(import.meta.dirname, '../../../..')

/** Where run files go; not under version control. */
export const resultsDirectory: string = join(root, 'bench-results')

/** Where the recorded ones are kept. */
export const recordDirectory: string = join(root, 'docs/benchmarks')
export const recordPage: string = join(root, 'docs/benchmarks.md')
