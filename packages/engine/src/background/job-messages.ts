/** What a store and its worker thread say to each other. */
import { KvError, type StoreErrorCode, systemErrorCode } from '../errors.ts'
import type { Jobs } from './jobs.ts'

export type JobName = keyof Jobs
export type JobInput<N extends JobName> = Parameters<Jobs[N]>[0]
export type JobResult<N extends JobName> = Awaited<ReturnType<Jobs[N]>>

export interface JobRequest<N extends JobName = JobName> {
  readonly id: number
  readonly name: N
  readonly input: JobInput<N>
}

/** What a worker says first: all that it is made of is loaded. */
export const workerReady = 'ready'

export type JobAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: JobFailure }

/** An error, as far as it can be sent. */
export interface JobFailure {
  readonly message: string
  /** Of a `KvError`. */
  readonly storeCode: StoreErrorCode | undefined
  readonly details: Readonly<Record<string, string | number>> | undefined
  /** Of a failed system call. */
  readonly systemCode: string | undefined
}

export function describeFailure(error: unknown): JobFailure {
  const isKvError = error instanceof KvError
  return {
    message: error instanceof Error ? error.message : String(error),
    storeCode: isKvError ? error.code : undefined,
    details: isKvError ? error.details : undefined,
    systemCode: isKvError ? undefined : systemErrorCode(error),
  }
}

export function failureError(failure: JobFailure): Error {
  const { message, storeCode, details = {}, systemCode } = failure
  if (storeCode !== undefined) return new KvError(storeCode, message, { details })
  const error = new Error(message)
  return systemCode === undefined ? error : Object.assign(error, { code: systemCode })
}
