import { unreachable } from '../assert.ts'

export type SimOperationKind =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'rename'
  | 'unlink'
  | 'mkdir'
  | 'readdir'
  | 'syncDirectory'

export interface SimOperation {
  /** Running number; the first operation of a file system is 1. */
  number: number
  kind: SimOperationKind
  path: string
  /** How many bytes a read or write asks for, or a truncate adds; else 0. */
  bytes: number
}

/**
 * Which operation a fault hits: the first from this running number on that can fail in that way (a read
 * never ends in `ENOSPC`), or the first such one for which the function returns true.
 */
type SimFaultPlace = number | ((operation: SimOperation) => boolean)

export type SimErrorCode = 'EIO' | 'ENOSPC' | 'EMFILE'

/** How much was done before the failure, from the first byte or change on. */
export type Reached = 'none' | 'half' | 'all'

export interface SimFailure {
  at: SimFaultPlace
  code: SimErrorCode
  /** Goes on to hit every operation that fits, until `clearFaults()`. */
  sticky?: boolean
  /** Of a write: the bytes that are in the file. Of a sync: the changes that are durable. `none` by default. */
  reached?: Reached
}

export interface SimShortTransfer {
  at: SimFaultPlace
  sticky?: boolean
  /** How many bytes a read or write transfers, if more were asked for. Half of them by default. */
  bytes?: number
}

/** What befalls one operation. */
export type SimInjection =
  | { kind: 'failure'; code: SimErrorCode; reached: Reached }
  | { kind: 'short'; bytes: number }

type Fault = { kind: 'failure'; plan: SimFailure } | { kind: 'short'; plan: SimShortTransfer }

/** The faults that wait for their operation. */
export class SimFaults {
  #waiting: Fault[] = []
  #injected = 0

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** How many operations a fault has hit. */
  get injected(): number {
    return this.#injected
  }

  add(fault: Fault): void {
    this.#waiting.push(fault)
  }

  clear(): void {
    this.#waiting = []
  }

  next(operation: SimOperation): SimInjection | undefined {
    const fault = this.#waiting.find((waiting) => hits(waiting, operation))
    if (fault === undefined) return undefined
    if (fault.plan.sticky !== true) this.#waiting.splice(this.#waiting.indexOf(fault), 1)
    this.#injected++
    if (fault.kind === 'failure') {
      return { kind: 'failure', code: fault.plan.code, reached: fault.plan.reached ?? 'none' }
    }
    const bytes = fault.plan.bytes ?? Math.floor(operation.bytes / 2)
    return { kind: 'short', bytes: Math.max(1, Math.min(bytes, operation.bytes)) }
  }
}

function hits(fault: Fault, operation: SimOperation): boolean {
  const isPossible =
    fault.kind === 'short' ? canBeShort(operation) : canFail(fault.plan.code, operation)
  if (!isPossible) return false
  const { at } = fault.plan
  return typeof at === 'number' ? operation.number >= at : at(operation)
}

function canBeShort(operation: SimOperation): boolean {
  return (operation.kind === 'read' || operation.kind === 'write') && operation.bytes > 1
}

function canFail(code: SimErrorCode, { kind, bytes }: SimOperation): boolean {
  switch (code) {
    case 'EIO':
      return true
    case 'ENOSPC':
      if (kind === 'write' || kind === 'truncate') return bytes > 0
      return kind === 'create' || kind === 'mkdir' || kind === 'rename'
    case 'EMFILE':
      return kind === 'open' || kind === 'create' || kind === 'readdir' || kind === 'syncDirectory'
    default:
      return unreachable(code)
  }
}
