import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inProcess } from '../../test/in-process.ts'
import { localStore, openStore } from '../../test/local-store.ts'
import { MemoryOutput } from '../../test/memory-output.ts'
import { CliError } from '../cli-error.ts'

test('backup, verify-backup and restore, for people', async () => {
  const { root, data, backup } = await localStore()
  const made = await inProcess(['backup', data, '--to', backup])
  expect(made).toMatchObject({ exitCode: 0, stderr: '', targets: [] })
  expect(made.stdout).toMatch(
    /^backed up 2 files up to version 2 in [\d.]+ m?s: [\d.]+ B copied, 0 B there already\n$/,
  )
  const verified = await inProcess(['verify-backup', backup])
  expect(verified).toMatchObject({ exitCode: 0, stderr: '' })
  expect(verified.stdout).toMatch(
    /^the backup of \d{4}-\d\d-\d\dT[\d:.]+Z is whole: 2 files, [\d.]+ B, up to version 2, verified in [\d.]+ m?s\n$/,
  )
  const target = join(root, 'restored')
  const restored = await inProcess(['restore', backup, '--to', target])
  expect(restored).toMatchObject({ exitCode: 0, stderr: '' })
  expect(restored.stdout).toMatch(
    /^restored 2 files, [\d.]+ B, up to version 2 in [\d.]+ m?s: .*restored is the store [-0-9a-f]{36}\n$/,
  )
  expect((await readdir(target)).sort()).toEqual(['MANIFEST', 'NODE', 'data', 'log', 'marks'])
})

test('for programs', async () => {
  const { root, data, backup } = await localStore()
  const made = await inProcess(['backup', data, '--to', backup, '--json'])
  expect(JSON.parse(made.stdout)).toEqual({
    files: 2,
    bytesCopied: expect.any(Number),
    bytesReused: 0,
    lastIndex: 2,
    ms: expect.any(Number),
  })
  const verified = JSON.parse((await inProcess(['verify-backup', backup, '--json'])).stdout)
  expect(verified).toEqual({
    storeId: expect.any(String),
    generation: 1,
    takenAt: expect.any(Number),
    files: 2,
    bytes: expect.any(Number),
    lastIndex: 2,
    ms: expect.any(Number),
  })
  const restored = JSON.parse(
    (await inProcess(['restore', backup, '--to', join(root, 'r'), '--json'])).stdout,
  )
  expect(restored).toEqual({
    ...verified,
    newStoreId: expect.any(String),
    ms: expect.any(Number),
  })
  expect(restored.newStoreId).not.toBe(verified.storeId)
})

test('a bar shows how far it is, on a terminal', async () => {
  const { data, backup } = await localStore()
  const stderr = new MemoryOutput({ isTerminal: true })
  await inProcess(['backup', data, '--to', backup], { stderr })
  expect(stderr.text).toContain('backing up')
})

test('a damaged backup is named, and makes no store', async () => {
  const { root, data, backup } = await localStore()
  await inProcess(['backup', data, '--to', backup])
  const [name] = await readdir(join(backup, 'log'))
  const path = join(backup, 'log', name!)
  const bytes = await readFile(path)
  bytes[100]! ^= 1
  await writeFile(path, bytes)
  const damaged = {
    exitCode: 23,
    stdout: '',
    stderr: `kv: the backup is damaged: log/${name}: other bytes than were backed up (their SHA-256 is another one); the backup was not changed; use another one, or make a new one in another directory (KV_CORRUPT_BACKUP)\n`,
  }
  expect(await inProcess(['verify-backup', backup])).toMatchObject(damaged)
  expect(await inProcess(['restore', backup, '--to', join(root, 'r')])).toMatchObject(damaged)
  expect(await readdir(join(root, 'r'))).not.toContain('NODE')
})

test('what cannot be done is one line with its exit code', async () => {
  const { root, data, backup } = await localStore()
  expect(await inProcess(['backup', data])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('--to is missing: the directory of the backup'),
  })
  expect(await inProcess(['restore', backup])).toMatchObject({ exitCode: 64 })
  expect(await inProcess(['backup', join(root, 'none'), '--to', backup])).toMatchObject({
    exitCode: 10,
    stderr: expect.stringContaining(
      'holds no store; no backup was made; name the directory of a store',
    ),
  })
  await writeFile(join(root, 'file'), '')
  expect(await inProcess(['backup', join(root, 'file'), '--to', backup])).toMatchObject({
    exitCode: 10,
    stderr: expect.stringMatching(/^kv: .* is a file; the store was not opened; choose.*\n$/),
  })
  expect(await inProcess(['restore', backup, '--to', join(root, 'r')])).toMatchObject({
    exitCode: 10,
    stderr: expect.stringContaining('holds no backup'),
  })
  await mkdir(join(root, 'precious'))
  await writeFile(join(root, 'precious', 'x'), '')
  expect(await inProcess(['backup', data, '--to', join(root, 'precious')])).toMatchObject({
    exitCode: 10,
    stderr: expect.stringContaining('holds other files (x) and no backup'),
  })
  await using held = await openStore(data)
  expect(await inProcess(['backup', data, '--to', backup])).toMatchObject({
    exitCode: 39,
    stderr: expect.stringContaining('is in use by'),
  })
  expect(held).toBeDefined()
})

test('a signal ends it', async () => {
  const { data, backup } = await localStore()
  const interruption = new AbortController()
  interruption.abort(new CliError('CLI_INTERRUPTED', 'ended by a signal'))
  expect(
    await inProcess(['backup', data, '--to', backup], { signal: interruption.signal }),
  ).toMatchObject({ exitCode: 130, stderr: 'kv: ended by a signal (CLI_INTERRUPTED)\n' })
})
