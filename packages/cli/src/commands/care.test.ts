import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repairStore, type VerifyReport, verifyStore } from '@kv/engine/inspect'
import { expect, test } from 'vitest'
import { inProcess } from '../../test/in-process.ts'
import { MemoryOutput } from '../../test/memory-output.ts'
import { writeSampleStore } from '../../test/sample-store.ts'
import { scratchDirectory } from '../../test/scratch.ts'
import { CliError } from '../cli-error.ts'
import { describeVerify } from '../verify-view.ts'

async function sampleStore(): Promise<string> {
  const directory = join(await scratchDirectory(), 'data')
  await writeSampleStore(directory)
  return directory
}

async function change(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at]! ^= 1
  await writeFile(path, bytes)
}

const segment = (directory: string) => join(directory, 'log', '0000000000000001.data')

test('verify of a sound store is one line, and nobody is connected to', async () => {
  const directory = await sampleStore()
  const names = await readdir(directory)
  const { exitCode, stdout, stderr, targets } = await inProcess(['verify', directory])
  expect(stdout).toMatch(/^checked \d+ files, [\d.]+ KiB, 3 records: sound\n$/)
  expect({ exitCode, stderr, targets }).toEqual({ exitCode: 0, stderr: '', targets: [] })
  expect(await readdir(directory)).toEqual(names)
})

test('verify of a damaged store says where, and ends with the code of KV_CORRUPT_STORE', async () => {
  const directory = await sampleStore()
  await change(segment(directory), 110)
  const { exitCode, stdout } = await inProcess(['verify', directory])
  expect(exitCode).toBe(22)
  expect(stdout).toMatch(
    /^log\/0000000000000001\.data at byte \d+: corruption: .*\n[^]*: the store is damaged\n$/,
  )
  const json = await inProcess(['verify', directory, '--json'])
  expect(json.exitCode).toBe(22)
  expect(JSON.parse(json.stdout)).toMatchObject({
    sound: false,
    problems: expect.arrayContaining([expect.objectContaining({ severity: 'corruption' })]),
  })
})

test('remarks are no damage', () => {
  const problem = { path: 'a\u001b', offset: 0, what: 'missing', severity: 'shortcut' } as const
  const report: VerifyReport = {
    filesChecked: 1,
    bytesChecked: 1,
    records: 1,
    problems: [problem],
    problemsLeftOut: 0,
  }
  expect(describeVerify(report)).toBe(
    'a\\x1b at byte 0: shortcut: missing\nchecked 1 file, 1 B, 1 record: sound; 1 remark, no data is affected',
  )
})

test('repair of a sound store saves all of it', async () => {
  const directory = await sampleStore()
  const to = join(await scratchDirectory(), 'new')
  const { exitCode, stdout } = await inProcess(['repair', directory, '--to', to])
  expect(stdout).toContain(`saved 2 keys into ${to}, out of `)
  expect(exitCode).toBe(0)
  expect((await verifyStore(to)).problems).toEqual([])
})

test('repair tells what is lost, and ends with 2', async () => {
  const directory = await sampleStore()
  const scratch = await scratchDirectory()
  // Into the record of the first key.
  await change(segment(directory), 64 + 40 + 28)
  await rm(join(directory, 'keydir.image'))
  const { exitCode, stdout } = await inProcess(['repair', directory, '--to', join(scratch, 'text')])
  expect(exitCode).toBe(2)
  expect(stdout).toMatch(/^log\/0000000000000001\.data, bytes 104 to \d+: lost: .*version/)
  expect(stdout).toContain('newer records are lost: some keys may have an older value')
  const json = await inProcess(['repair', directory, '--to', join(scratch, 'json'), '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ whole: false, keys: 2, lostKeys: [] })
})

test('repair writes over nothing, and not into the damaged directory', async () => {
  const directory = await sampleStore()
  const scratch = await scratchDirectory()
  await mkdir(join(scratch, 'used'))
  await writeFile(join(scratch, 'used', 'file'), 'x')
  await symlink(directory, join(scratch, 'link'))
  const names = await readdir(directory)
  for (const to of [join(scratch, 'used'), directory, join(scratch, 'link', 'new')]) {
    const { exitCode, stderr } = await inProcess(['repair', directory, '--to', to])
    expect(exitCode, to).toBe(10)
    expect(stderr).toContain('nothing was repaired')
  }
  expect(await readdir(directory)).toEqual(names)
  expect(await inProcess(['repair', directory])).toMatchObject({
    exitCode: 64,
    stderr: 'kv: --to <directory> is missing; see kv --help (CLI_USAGE)\n',
  })
})

test('a file is printed line by line, its keys escaped, without its values', async () => {
  const directory = await sampleStore()
  const { exitCode, stdout } = await inProcess(['inspect', segment(directory)])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('record kind=put key=\\x1bkey version=2')
  expect(stdout).not.toContain('secret')
  const values = await inProcess(['inspect', segment(directory), '--values', '--json'])
  const items = values.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { what: string; fields: object })
  expect(items.filter(({ what }) => what === 'record')[1]).toMatchObject({
    fields: { key: '\\x1bkey', value: 'secret' },
  })
})

test('a directory is printed file by file', async () => {
  const directory = await sampleStore()
  const { stdout } = await inProcess(['inspect', directory])
  const headings = stdout.split('\n').filter((line) => /^[A-Za-z]/.test(line))
  expect(headings).toEqual([
    'NODE',
    'MANIFEST',
    'marks',
    'keydir.image',
    'LOCK.1',
    'log/0000000000000001.data',
  ])
})

test('what is no store, or not there, is one clear line', async () => {
  const scratch = await scratchDirectory()
  for (const argv of [
    ['verify', scratch],
    ['verify', join(scratch, 'none')],
    ['repair', scratch, '--to', join(scratch, 'new')],
    ['inspect', join(scratch, 'none')],
  ]) {
    const { exitCode, stdout, stderr } = await inProcess(argv)
    expect({ exitCode, stdout }, argv.join(' ')).toEqual({ exitCode: 10, stdout: '' })
    expect(stderr).toMatch(/^kv: .*nothing was .*\(KV_BAD_REQUEST\)\n$/)
  }
  const to = join(scratch, 'new')
  await expect(repairStore(scratch, to)).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
})

test('on a terminal the progress is shown, and the terminal given back', async () => {
  const directory = await sampleStore()
  const stderr = new MemoryOutput({ isTerminal: true })
  expect(await inProcess(['verify', directory], { stderr })).toMatchObject({ exitCode: 0 })
  expect(stderr.text).toContain('checking')
  // The cursor is shown again.
  expect(stderr.text).toContain('\u001b[?25h')
})

test('a signal ends it', async () => {
  const directory = await sampleStore()
  const stop = new AbortController()
  stop.abort(new CliError('CLI_INTERRUPTED', 'ended by a signal'))
  for (const argv of [
    ['verify', directory],
    ['inspect', directory],
    ['repair', directory, '--to', join(await scratchDirectory(), 'new')],
  ]) {
    expect(await inProcess(argv, { signal: stop.signal })).toMatchObject({
      exitCode: 130,
      stderr: 'kv: ended by a signal (CLI_INTERRUPTED)\n',
    })
  }
})
