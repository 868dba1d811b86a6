import { KvError } from '../errors.ts'
import { refuseUnknownNames } from '../option-names.ts'
import { checkFollowing } from '../option-values.ts'
import { shown } from '../shown-value.ts'
import { type BackupContext, type BackupProgress, type BackupReport, makeBackup } from './backup.ts'
import { Pace } from './pace.ts'

/** How a backup is made. */
export interface BackupOptions {
  /** Bytes copied in a second at most, from 1,024 on. Default 64 MiB; `Infinity` for as fast as the disks are. */
  readonly bytesPerSecondMax?: number | undefined
  /** Called while it goes on, at least once for each file. What it throws ends the backup. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** Ends the backup: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

const optionNames: readonly string[] = ['bytesPerSecondMax', 'onProgress', 'signal']
const bytesPerSecondDefault = 64 * 1024 * 1024
const bytesPerSecondMin = 1024

/** The backups of a store: one at a time, ended when the store is closed. */
export class Backups {
  readonly #context: BackupContext
  #running: Promise<BackupReport> | undefined
  #pace: Pace | undefined

  constructor(context: BackupContext) {
    this.#context = context
  }

  /** Makes one in the directory `target`, an absolute path. */
  async make(target: string, options: BackupOptions): Promise<BackupReport> {
    const pace = this.#paceOf(options)
    this.#refuseOwnDirectory(target)
    if (this.#running !== undefined) {
      throw new KvError(
        'KV_TRY_LATER',
        'a backup of this store is being made; nothing was done; wait for its end',
        { details: { retryAfterMs: 1_000 } },
      )
    }
    pace.check()
    this.#pace = pace
    const { onProgress = () => undefined } = options
    this.#running = makeBackup(this.#context, target, pace, onProgress).finally(() => {
      this.#running = undefined
    })
    return await this.#running
  }

  /** Ends the one under way, as the store is being closed. */
  async close(): Promise<void> {
    this.#pace?.stop(
      new KvError(
        'KV_CLOSED',
        'the store is being closed; no backup was made, and the one before it, if there is one, is as it was; open the store again and repeat it',
      ),
    )
    await this.#running?.catch(() => undefined)
  }

  #paceOf(options: BackupOptions): Pace {
    refuseUnknownNames(options, optionNames, 'option')
    const { bytesPerSecondMax = bytesPerSecondDefault, signal } = options
    if (typeof bytesPerSecondMax !== 'number' || !(bytesPerSecondMax >= bytesPerSecondMin)) {
      throw new RangeError(
        `bytesPerSecondMax must be a number from ${bytesPerSecondMin} on, or Infinity, not ${shown(bytesPerSecondMax)}; nothing was done`,
      )
    }
    checkFollowing(options)
    return new Pace(this.#context.clock, bytesPerSecondMax, signal)
  }

  #refuseOwnDirectory(target: string): void {
    const { directory } = this.#context
    if (target !== directory && !target.startsWith(`${directory}/`)) return
    throw new KvError(
      'KV_BAD_REQUEST',
      `${target} is the directory of the store, or inside of it; nothing was changed; choose another directory, on another disk`,
    )
  }
}
