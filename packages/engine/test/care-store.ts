/** Stores on a simulated disk for the tests of what checks, repairs and prints them. */
import type { RepairOptions } from '../src/care/repair-store.ts'
import type { VerifyOptions } from '../src/care/verify-store.ts'
import { SimFileSystem } from '../src/file-system/sim-file-system.ts'
import type { StoreOptions } from '../src/options.ts'
import { Store } from '../src/store.ts'
import { TestClock } from './test-clock.ts'

export const careOptions = (disk: SimFileSystem): VerifyOptions & RepairOptions => ({
  fileSystem: disk,
  clock: new TestClock(),
})

export function careStoreOptions(disk: SimFileSystem): StoreOptions {
  return { fileSystem: disk, clock: new TestClock(), segmentBytes: 256, autoMerge: false }
}

/** A closed store in `/db` with what `fill` has written. */
export async function closedStore(
  fill: (store: Store) => Promise<unknown>,
  options: StoreOptions = {},
): Promise<SimFileSystem> {
  const disk = new SimFileSystem()
  {
    await using store = await Store.open('/db', { ...careStoreOptions(disk), ...options })
    await fill(store)
    // What is sealed gets its hint.
    for (let turn = 0; turn < 1_000; turn++) await Promise.resolve()
  }
  return disk
}

/** Puts `a`, `b`, … , each with a value that fills a segment. */
export async function putLetters(store: Store, letters: string): Promise<void> {
  for (const key of letters) await store.put(key, key.repeat(200))
}

/** Changes the bytes of a file in place. */
export function damage(
  disk: SimFileSystem,
  path: string,
  change: (bytes: Buffer) => Buffer | void,
): void {
  const bytes = Buffer.from(disk.files().get(path)!)
  disk.poke(path, change(bytes) ?? bytes)
}

/** What a store holds. */
export async function contentOf(
  disk: SimFileSystem,
  directory: string,
): Promise<Map<string, string>> {
  await using store = await Store.open(directory, careStoreOptions(disk))
  const content = new Map<string, string>()
  for await (const { key, value } of store.range()) content.set(key.toString(), value.toString())
  return content
}
