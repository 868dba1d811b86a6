import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Store } from './store.ts'

test('what was written is let go of, however large it was', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const parent = await mkdtemp(join(tmpdir(), 'kv-applier-'))
  const store = await Store.open(join(parent, 'db'), { durability: 'never' })
  try {
    await store.put('small', Buffer.alloc(1))
    collect()
    const before = process.memoryUsage().arrayBuffers
    await store.put('large', Buffer.alloc(16 * 1024 * 1024, 1))
    // The collector frees memory outside the heap a little later.
    await expect
      .poll(() => {
        collect()
        return process.memoryUsage().arrayBuffers - before
      })
      .toBeLessThan(1024 * 1024)
  } finally {
    await store.close()
    await rm(parent, { recursive: true, force: true })
  }
})
