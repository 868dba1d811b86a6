import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../scratch.ts'
import { kv } from './cli-process.ts'
import { ServerProcess } from './server-process.ts'

async function startServer(): Promise<string> {
  const { address } = await ServerProcess.start(join(await scratchDirectory(), 'data'))
  return address
}

/** A port on which nobody listens, because its listener has just gone. */
async function deadAddress(): Promise<string> {
  const listener = createServer()
  const { port } = await new Promise<AddressInfo>((resolve) => {
    listener.listen(0, '127.0.0.1', () => resolve(listener.address() as AddressInfo))
  })
  await new Promise((resolve) => {
    listener.close(resolve)
  })
  return `kv://127.0.0.1:${port}`
}

test('put, get, del', async () => {
  const address = await startServer()
  expect(await kv(address, ['put', 'user:1', 'Ada'])).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^version 1 \(\w+\)\n$/),
    stderr: '',
  })
  expect(await kv(address, ['get', 'user:1'])).toEqual({ exitCode: 0, stdout: 'Ada', stderr: '' })
  expect(await kv(address, ['del', 'user:1'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^deleted, version 2 /),
  })
  expect(await kv(address, ['get', 'user:1'])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'kv: there is no key user:1\n',
  })
  expect(await kv(address, ['get', 'user:1', '--json'])).toMatchObject({
    exitCode: 1,
    stdout: '{"found":false}\n',
  })
})

test('backup, verify-backup and restore, of a node that has died', async () => {
  const root = await scratchDirectory()
  const [data, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(root, name))
  const node = await ServerProcess.start(data!)
  expect(await kv(node.address, ['put', 'photo'], 'x'.repeat(1_300_000))).toMatchObject({
    exitCode: 0,
  })
  expect(await kv(node.address, ['put', 'user:1', 'Ada'])).toMatchObject({ exitCode: 0 })
  expect(await kv('', ['backup', data!, '--to', backup!])).toMatchObject({
    exitCode: 39,
    stdout: '',
    stderr: expect.stringMatching(/is in use by process \d+; nothing was changed/),
  })
  await node.kill()
  expect(await kv('', ['backup', data!, '--to', backup!, '--json'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('"lastIndex":2'),
    stderr: '',
  })
  // A throttled one is not ended by having nothing to do for a while.
  const slow = ['backup', data!, '--to', backup!, '--bytes-per-second', '400000', '--json']
  const slowly = await kv('', slow)
  expect(slowly).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(slowly.stdout).ms).toBeGreaterThan(500)
  expect(await kv('', ['verify-backup', backup!])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await kv('', ['restore', backup!, '--to', restored!])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^restored 2 files, .* up to version 2 /),
  })
  const again = await ServerProcess.start(restored!)
  expect(await kv(again.address, ['get', 'user:1'])).toMatchObject({ stdout: 'Ada' })
})

test('conditions, and a time to live', async () => {
  const address = await startServer()
  const lock = ['put', 'lock', 'me', '--if-absent', '--ttl-ms', '3600000']
  expect(await kv(address, lock)).toMatchObject({ exitCode: 0 })
  expect(await kv(address, lock)).toMatchObject({
    exitCode: 16,
    stdout: '',
    stderr: expect.stringContaining(
      'the key was expected to be absent, but has version 1; nothing was written',
    ),
  })
  expect(await kv(address, ['put', 'lock', 'you', '--if-version', '7'])).toMatchObject({
    exitCode: 16,
  })
  expect(await kv(address, ['del', 'lock', '--if-version', '7'])).toMatchObject({ exitCode: 16 })
  expect(await kv(address, ['get', 'lock', '--json'])).toMatchObject({
    stdout: expect.stringMatching(/"value":"me","version":1,"expiresAt":\d{13}\}/),
  })
  // Not before: each command is a process, and takes as long as it takes.
  expect(await kv(address, ['put', 'lock', 'me', '--ttl-ms', '1'])).toMatchObject({ exitCode: 0 })
  await expect
    .poll(async () => (await kv(address, ['get', 'lock'])).exitCode, { timeout: 60_000 })
    .toBe(1)
  expect(await kv(address, lock)).toMatchObject({ exitCode: 0 })
  expect(await kv(address, ['put', 'k', 'v', '--if-absent', '--if-version', '1'])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('--if-absent and --if-version exclude each other'),
  })
})

test('any bytes, through pipes and files', async () => {
  const address = await startServer()
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_none, index) => (index * 7) % 256))
  const path = join(await scratchDirectory(), 'bytes')
  await writeFile(path, bytes)
  const key = ['ff001b', '--key-encoding', 'hex']
  for (const [argv, stdin] of [
    [['put', ...key], bytes],
    [['put', ...key, '--value-file', path], ''],
    [['put', ...key, '--value-file', '-'], bytes],
  ] as const) {
    expect(await kv(address, argv, stdin)).toMatchObject({ exitCode: 0, stderr: '' })
    const { stdout } = await kv(address, ['get', ...key])
    expect(Buffer.from(stdout, 'latin1').equals(bytes)).toBe(true)
    expect(await kv(address, ['del', ...key])).toMatchObject({ exitCode: 0 })
  }
  await kv(address, ['put', ...key, '--value-encoding', 'base64'], bytes.toString('base64'))
  const out = join(await scratchDirectory(), 'out')
  expect(await kv(address, ['get', ...key, '--out', out])).toMatchObject({
    exitCode: 0,
    stdout: '',
  })
  expect((await readFile(out)).equals(bytes)).toBe(true)
  const range = await kv(address, ['range', '--keys-only'])
  expect(range.stdout).toBe('\\xff\\x00\\x1b\n')
})

test('range', async () => {
  const address = await startServer()
  await kv(address, ['import'], 'abcde'.replace(/./g, '{"key":"$&","value":"<$&>"}\n'))
  const range = async (...argv: string[]) => (await kv(address, ['range', ...argv])).stdout
  expect(await range('--gte', 'b', '--lt', 'd')).toBe('b\t<b>\nc\t<c>\n')
  expect(await range('--reverse', '--limit', '2', '--keys-only')).toBe('e\nd\n')
  expect(await range('--prefix', 'c', '--json')).toBe('{"key":"c","value":"<c>","version":3}\n')
  expect(await range('--prefix', 'x')).toBe('')
})

test('stats, merge-now, ping', async () => {
  const address = await startServer()
  const merge = await kv(address, ['merge-now'])
  expect(merge).toEqual({ exitCode: 0, stdout: 'there was nothing to merge\n', stderr: '' })
  expect((await kv(address, ['merge', 'pause'])).stdout).toContain('merges are paused')
  expect(await kv(address, ['merge-now'])).toMatchObject({
    exitCode: 10,
    stderr: expect.stringContaining('merges are paused'),
  })
  expect((await kv(address, ['merge', 'status'])).stdout).toMatch(
    /^no merge is running\nmerges are paused: .*\n0\.0 % of the store is dead; merges start at 30\.0 %\n$/,
  )
  expect((await kv(address, ['merge', 'resume'])).stdout).not.toContain('paused')
  await kv(address, ['put', 'k', 'v'])
  expect(await kv(address, ['ping'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^round trip [\d.]+ ms, index 1\n$/),
  })
  const stats = await kv(address, ['stats'])
  expect(stats).toMatchObject({ exitCode: 0, stderr: '' })
  expect(stats.stdout).toMatch(/^store\n +keys +1$/m)
  const json = JSON.parse((await kv(address, ['stats', '--json'])).stdout) as unknown
  expect(json).toMatchObject({ store: { keys: 1 } })
})

test('no server is one clear line and exit code 30', async () => {
  const address = await deadAddress()
  for (const argv of [['get', 'k'], ['put', 'k', 'v'], ['import'], ['export'], ['stats']]) {
    const { exitCode, stdout, stderr } = await kv(address, argv, 'v')
    expect({ exitCode, stdout }).toEqual({ exitCode: 30, stdout: '' })
    expect(stderr).toMatch(/^kv: no connection to kv:\/\/127\.0\.0\.1:\d+ .*\(KV_UNREACHABLE\)\n$/)
  }
  const { stderr } = await kv(address, ['get', 'k', '--json'])
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'KV_UNREACHABLE' } })
})

test('a wrong command line is exit code 64', async () => {
  expect(await kv('kv://127.0.0.1:1', ['gett', 'k'])).toEqual({
    exitCode: 64,
    stdout: '',
    stderr: expect.stringMatching(
      /^kv: unknown command 'gett'; there are: put, get, .*; see kv --help \(CLI_USAGE\)\n$/,
    ),
  })
  expect(await kv('nonsense', ['get', 'k'])).toMatchObject({ exitCode: 64 })
  expect(await kv('', ['--help'])).toMatchObject({ exitCode: 0, stderr: '' })
})
