import { Store } from '@kv/engine'

/** A closed store of two keys in a new directory; the second one's name is no plain text. */
export async function writeSampleStore(directory: string): Promise<void> {
  await using store = await Store.open(directory)
  await store.put('first', 'value')
  await store.put('\u001bkey', 'secret')
  await store.put('first', 'newer')
}
