import assert from 'node:assert/strict'

/** A value, or undefined for an absent key. */
export type Expected = string | undefined

interface KeyState {
  acked: Expected
  /** Writes whose outcome is unknown. Only one write per key is ever under way. */
  pending: { readonly value: Expected; readonly batch: number | undefined } | undefined
}

/**
 * What a store may hold after a crash, kept by the process that writes: what was acknowledged, and what was
 * sent and not answered.
 */
export class ExpectedState {
  readonly #keys = new Map<string, KeyState>()

  /** Whether a write of this key is under way. */
  isPending(key: string): boolean {
    return this.#keys.get(key)?.pending !== undefined
  }

  /** A write is about to be sent; `batch` names those that stand or fall together. */
  sending(key: string, value: Expected, batch?: number): void {
    const state = this.#keys.get(key) ?? { acked: undefined, pending: undefined }
    assert(state.pending === undefined, 'one write per key at a time')
    state.pending = { value, batch }
    this.#keys.set(key, state)
  }

  acknowledged(key: string): void {
    const state = this.#keys.get(key)
    assert(state?.pending !== undefined, 'what is acknowledged was sent')
    state.acked = state.pending.value
    state.pending = undefined
  }

  /** The write was refused, and certainly not made. */
  refused(key: string): void {
    const state = this.#keys.get(key)
    if (state !== undefined) state.pending = undefined
  }

  /** How many writes have an unknown outcome. */
  get unknown(): number {
    return [...this.#keys.values()].filter(({ pending }) => pending !== undefined).length
  }

  /**
   * Checks what a store holds after a crash: every acknowledged write is there, nothing is there that was not
   * written, and each unanswered batch is there as a whole or not at all. What it holds is known from now on.
   */
  check(found: ReadonlyMap<string, string>): void {
    for (const key of found.keys()) {
      assert(this.#keys.has(key), `invented: ${key} was never written`)
    }
    const batches = new Map<number, boolean>()
    for (const [key, state] of this.#keys) {
      const value = found.get(key)
      const { acked, pending } = state
      const isPending = pending !== undefined && value === pending.value
      assert(
        value === acked || isPending,
        `${key} is ${value}; acknowledged was ${acked}${pending === undefined ? '' : `, unanswered ${pending.value}`}`,
      )
      if (pending?.batch !== undefined && pending.value !== acked) {
        const whole = batches.get(pending.batch) ?? isPending
        assert(whole === isPending, `batch ${pending.batch} is there in part: ${key} is ${value}`)
        batches.set(pending.batch, whole)
      }
      state.acked = value
      state.pending = undefined
    }
  }
}
