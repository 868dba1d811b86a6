import type { ReachedDurability, WriteOptions } from '@kv/engine'
import type { Durability } from '@kv/protocol'

const synced: WriteOptions = { durability: 'synced' }
const storesMode: WriteOptions = {}

/** What the store is asked for. The majority of one node is that node's disk. */
export function storeDurability(wish: Durability | undefined): WriteOptions {
  return wish === 'synced' || wish === 'majority' ? synced : storesMode
}

/** What the client is told: at least what it asked for. */
export function reachedDurability(
  wish: Durability | undefined,
  reached: ReachedDurability,
): Durability {
  return wish === 'majority' && reached === 'synced' ? 'majority' : reached
}
