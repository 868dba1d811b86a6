export type { CliErrorCode } from './exit-codes.ts'
export {
  cliExitCodes,
  doneExitCode,
  errorExitCodes,
  lostExitCode,
  notFoundExitCode,
} from './exit-codes.ts'
export type { ImportProgress, ImportReport } from './import-report.ts'
export type { LineSpan } from './import-stopped.ts'
export { ImportStopped } from './import-stopped.ts'
export type { ImportOptions } from './importer.ts'
export { importRecords } from './importer.ts'
export type { JsonRecord } from './json-lines.ts'
export { formatEntry, JsonLineError, parseRecord } from './json-lines.ts'
export type { Entry, KvBatch, KvWriter } from './kv.ts'
