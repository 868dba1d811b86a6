import type { ImportReport } from './import-report.ts'

/** Lines of the input, from 1, both inclusive. */
export interface LineSpan {
  readonly first: number
  readonly last: number
}

/** An import that did not come to its end. `cause` is what stopped it, `report` what was imported all the same. */
export class ImportStopped extends Error {
  override readonly name = 'ImportStopped'
  readonly report: ImportReport
  /** Where the cause lies: a bad line, or the lines of a batch that failed. */
  readonly lines: LineSpan | undefined

  constructor(report: ImportReport, lines: LineSpan | undefined, cause: unknown, message?: string) {
    super(message ?? (cause instanceof Error ? cause.message : String(cause)), { cause })
    this.report = report
    this.lines = lines
  }
}
