/** The door to the files of a store that nobody has open: to check, to repair and to read them. */
export type { Problem, Severity, VerifyReport } from './care/findings.ts'
export type { CareProgress } from './care/pace.ts'
export type { VerifyOptions } from './care/verify-store.ts'
export { verifyStore } from './care/verify-store.ts'
export type { StoreErrorCode } from './errors.ts'
export { KvError } from './errors.ts'
