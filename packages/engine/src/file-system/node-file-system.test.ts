import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(
  new URL('../../test/file-system/exhausted-process-main.ts', import.meta.url),
)

test('with no descriptor left in the process, what must not fail has some of its own', async () => {
  const directory = await mkdtemp(`${tmpdir()}/kv-file-system-`)
  try {
    const limited = ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, main, directory]
    const said = JSON.parse(execFileSync('/bin/sh', limited, { encoding: 'utf8' }))
    expect(said.taken).toBeGreaterThan(10)
    expect(said.outcomes).toEqual({
      read: 'EMFILE',
      'vital read': 'done',
      create: 'done',
      write: 'done',
      sync: 'done',
      'held 1': 'done',
      'held 2': 'done',
      'held 3': 'done',
      'held 4': 'done',
      'held 5': 'EMFILE',
    })
  } finally {
    await rm(directory, { recursive: true })
  }
})
