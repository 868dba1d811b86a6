import type { ReadOptions, WriteOptions } from '@kv/protocol'
import { KvError } from '@kv/protocol'

/**
 * Options that the protocol has and this server does not honour yet are refused by name: to ignore a
 * condition or a session would be to answer for what was not done.
 */
function refuseOption(name: string): never {
  throw new KvError(
    'KV_BAD_REQUEST',
    `this server does not support the option ${name}; nothing was done; leave it out`,
  )
}

/** Sessions, on every kind of write. */
export function refuseSession(options: WriteOptions): void {
  if (options.session !== undefined) refuseOption('session')
  if (options.seq !== undefined) refuseOption('seq')
  if (options.ackLow !== undefined) refuseOption('ackLow')
}

/** Reads of a lone node are linearizable, the default; no other consistency is offered. */
export function refuseReadOptions(options: ReadOptions | undefined): void {
  if (options === undefined) return
  const { consistency } = options
  if (consistency !== undefined && consistency !== 'linearizable') {
    refuseOption(`consistency '${consistency}'`)
  }
  if (options.maxStalenessMs !== undefined) refuseOption('maxStalenessMs')
  if (options.minIndex !== undefined) refuseOption('minIndex')
}
