import { SimPowerCut, systemError } from './sim-error.ts'
import type {
  SimFailure,
  SimInjection,
  SimOperation,
  SimOperationKind,
  SimShortTransfer,
} from './sim-faults.ts'
import { SimFaults } from './sim-faults.ts'

/** Every operation passes here first: it is counted, noted, and perhaps meets a fault or the end of the power. */
export class SimOperations {
  readonly #faults = new SimFaults()
  #count = 0
  #countMax = Number.POSITIVE_INFINITY
  #journal: SimOperation[] | undefined

  get count(): number {
    return this.#count
  }

  get faultsInjected(): number {
    return this.#faults.injected
  }

  stopAfter(count: number): void {
    this.#countMax = count
  }

  record(): readonly SimOperation[] {
    this.#journal ??= []
    return this.#journal
  }

  failAt(plan: SimFailure): void {
    this.#faults.add({ kind: 'failure', plan })
  }

  shortenAt(plan: SimShortTransfer): void {
    this.#faults.add({ kind: 'short', plan })
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  /** Throws {@link SimPowerCut} once the power is off. For what is no operation but needs power. */
  checkPower(): void {
    if (this.#count >= this.#countMax)
      throw new SimPowerCut(`the power went off after operation ${this.#countMax}`)
  }

  /** Counts an operation that either fails without effect or is done in full. */
  begin(kind: SimOperationKind, path: string): void {
    const injection = this.beginPartial(kind, path, 0)
    if (injection?.kind === 'failure') throw systemError(injection.code, kind, path)
  }

  /** Counts an operation that may be done in part; the caller carries the injection out. */
  beginPartial(kind: SimOperationKind, path: string, bytes: number): SimInjection | undefined {
    this.checkPower()
    this.#count++
    if (this.#journal === undefined && this.#faults.isEmpty) return undefined
    const operation = { number: this.#count, kind, path, bytes }
    this.#journal?.push(operation)
    return this.#faults.next(operation)
  }
}
