import { KvError } from './errors.ts'
import { readOnly } from './file-system/read-only-file-system.ts'

/** Which calls a store takes: none once it is being closed, and no writes where it was opened for reading. */
export class Admission {
  readonly #isReadOnly: boolean
  readonly #closed = new AbortController()
  #isClosed = false

  constructor(isReadOnly: boolean) {
    this.#isReadOnly = isReadOnly
  }

  /** Aborted with KV_CLOSED once the store is being closed: for what goes on for long. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Takes no more calls. */
  close(): void {
    this.#isClosed = true
    this.#closed.abort(storeClosed())
  }

  /** Throws KV_CLOSED. */
  refuseWhenClosed(): void {
    if (this.#isClosed) throw storeClosed()
  }

  /** Throws KV_CLOSED or KV_READ_ONLY. */
  refuseWrites(): void {
    this.refuseWhenClosed()
    if (this.#isReadOnly) throw readOnly()
  }
}

function storeClosed(): KvError {
  return new KvError('KV_CLOSED', 'the store is closed; nothing was done; open it again')
}
