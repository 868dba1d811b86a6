import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../scratch.ts'
import { kv } from './cli-process.ts'
import { ServerProcess } from './server-process.ts'

const nobody = 'kv://127.0.0.1:1'

test('a killed server, damage, a check, a repair, and a server on what was saved', async () => {
  const data = join(await scratchDirectory(), 'data')
  const repaired = join(await scratchDirectory(), 'repaired')
  const server = await ServerProcess.start(data)
  const lines = Array.from({ length: 2_000 }, (_none, index) => `{"key":"k${index}","value":"v"}\n`)
  expect(await kv(server.address, ['import'], lines.join(''))).toMatchObject({ exitCode: 0 })

  // While a server has it open, nobody else reads it.
  for (const argv of [
    ['verify', data],
    ['repair', data, '--to', repaired],
  ]) {
    expect(await kv(nobody, argv)).toMatchObject({
      exitCode: 39,
      stdout: '',
      stderr: expect.stringMatching(/^kv: .* is in use by process \d+; nothing was changed.*\n$/),
    })
  }
  expect(await kv(nobody, ['inspect', join(data, 'MANIFEST')])).toMatchObject({ exitCode: 0 })
  await server.kill()

  const names = await readdir(data)
  expect(await kv(nobody, ['verify', data])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await readdir(data)).toEqual(names)

  const segment = join(data, 'log', '0000000000000001.data')
  const bytes = await readFile(segment)
  bytes[64 + 40 + 30]! ^= 0xff
  await writeFile(segment, bytes)
  expect((await kv(nobody, ['verify', data])).exitCode).toBe(22)
  await expect(ServerProcess.start(data)).rejects.toThrow('the store is damaged')

  const saved = await kv(nobody, ['repair', data, '--to', repaired])
  expect(saved).toMatchObject({ exitCode: 2, stderr: '' })
  expect(saved.stdout).toContain('saved 1,999 keys')
  expect((await readFile(segment)).equals(bytes)).toBe(true)
  expect(await kv(nobody, ['verify', repaired])).toMatchObject({ exitCode: 0 })

  const { address } = await ServerProcess.start(repaired)
  const { stdout } = await kv(address, ['range', '--keys-only'])
  expect(stdout.trimEnd().split('\n').length).toBe(1_999)
  expect(await kv(address, ['put', 'k0', 'again'])).toMatchObject({
    stdout: 'version 2001 (synced)\n',
  })
})
