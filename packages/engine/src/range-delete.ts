import { boundNames, boundsOf } from './bytes-argument.ts'
import type { CommitQueue } from './commit-queue.ts'
import { KvError } from './errors.ts'
import type { LogOperation, Waiter } from './group.ts'
import type { KeyBounds } from './key-bounds.ts'
import type { LiveKeys } from './live-keys.ts'
import { refuseUnknownNames } from './option-names.ts'
import { neverExpires, recordKind } from './record.ts'
import type { DeleteRangeOptions } from './results.ts'

/** Keys looked at in one turn of the event loop, and removed together. */
const keysPerSlice = 1_024

const optionNames = [...boundNames, 'durability']
const noValue = new Uint8Array(0)

/** What a range delete works on. */
export interface RangeDeleteContext {
  readonly keys: LiveKeys
  readonly commits: CommitQueue
  /** Throws when the store is closed. */
  refuseWhenClosed(): void
}

/** What was removed so far. */
export interface RangeDeleted {
  readonly deleted: number
  readonly lastVersion: number | undefined
}

/** The stretch that a range delete is asked for. Throws `TypeError` for unknown options, `RangeError` for none at all. */
export function rangeToDelete(options: DeleteRangeOptions): KeyBounds {
  refuseUnknownNames(options, optionNames, 'option')
  const bounds = boundsOf(options)
  if (Object.values(bounds).every((bound) => bound === undefined)) {
    throw new RangeError(
      "deleteRange wants a bound; nothing was deleted; { prefix: '' } stands for every key",
    )
  }
  return bounds
}

/**
 * Writes a tombstone for each key inside `bounds`, in slices that each become durable and visible as a whole. No
 * value is read. A version written after it began stays.
 */
export async function deleteRange(
  context: RangeDeleteContext,
  bounds: KeyBounds,
): Promise<RangeDeleted> {
  const { commits } = context
  let deleted = 0
  let lastVersion: number | undefined
  const began = await commits.settled()
  let stretch = bounds
  for (;;) {
    context.refuseWhenClosed()
    const { tombstones, lastKey } = nextSlice(context, stretch, began)
    if (tombstones.length > 0) {
      try {
        lastVersion = (await write(context, tombstones)) + tombstones.length - 1
      } catch (error) {
        throw deleted === 0 ? error : interrupted(error, deleted)
      }
      deleted += tombstones.length
    }
    if (lastKey === undefined) break
    stretch = { ...bounds, gte: undefined, gt: lastKey }
  }
  // That the others are gone holds only once the deletes that removed them have been committed.
  await commits.settled()
  return { deleted, lastVersion }
}

/** `lastKey`: what to go on behind, when there may be more. */
function nextSlice(
  { keys, commits }: RangeDeleteContext,
  bounds: KeyBounds,
  began: number,
): { tombstones: LogOperation[]; lastKey: Buffer | undefined } {
  const tombstones: LogOperation[] = []
  let visited = 0
  let lastKey: Buffer | undefined
  keys.scan(bounds, false, (key, { index }) => {
    const isNewer = index > began || commits.pendingKey(key) !== undefined
    if (!isNewer)
      tombstones.push({ kind: recordKind.tombstone, key, value: noValue, expiresAt: neverExpires })
    if (++visited < keysPerSlice) return true
    lastKey = key
    return false
  })
  return { tombstones, lastKey }
}

/** Returns the index of the first. Waits where too much is being written. */
async function write(
  { commits }: RangeDeleteContext,
  tombstones: readonly LogOperation[],
): Promise<number> {
  for (;;) {
    try {
      return await new Promise<number>((resolve, reject) => {
        let firstIndex = 0
        const waiter: Waiter = {
          wantsSync: false,
          committed: () => resolve(firstIndex),
          failed: reject,
        }
        firstIndex = commits.submit(tombstones, waiter)
      })
    } catch (error) {
      if (!(error instanceof KvError && error.code === 'KV_TRY_LATER')) throw error
      await commits.settled()
    }
  }
}

function interrupted(error: unknown, deleted: number): unknown {
  if (!(error instanceof KvError)) return error
  return new KvError(
    error.code,
    `${deleted} keys were deleted before this happened, and the others not: ${error.message}; then ask again`,
    { cause: error, details: { ...error.details, deleted } },
  )
}
