import { join } from 'node:path'
import { Store } from '@kv/engine'
import { scratchDirectory } from './scratch.ts'

/** A small store in a directory of the running test's own, and where a backup of it may go. */
export async function localStore(): Promise<{ root: string; data: string; backup: string }> {
  const root = await scratchDirectory()
  const data = join(root, 'data')
  await using store = await Store.open(data)
  await store.put('user:1', 'Ada')
  await store.put('user:2', 'Grace')
  return { root, data, backup: join(root, 'backup') }
}

/** As another process would hold it. */
export function openStore(data: string): Promise<AsyncDisposable> {
  return Store.open(data)
}
