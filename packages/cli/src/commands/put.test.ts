import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serverLimitsDefault } from '@kv/protocol'
import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'
import { scratchDirectory } from '../../test/scratch.ts'

async function valueAfter(argv: readonly string[], stdin?: string | Uint8Array) {
  const kv = new FakeKv()
  const { exitCode, stderr } = await inProcess(['put', 'k', ...argv], { kv, stdin })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return kv.textAt('k')
}

test('the value is an argument', async () => {
  expect(await valueAfter(['Ada'])).toBe('Ada')
  expect(await valueAfter([''])).toBe('')
  expect(await valueAfter(['Ada'], 'standard input does not matter')).toBe('Ada')
  expect(await valueAfter(['416461', '--value-encoding', 'hex'])).toBe('Ada')
  expect(await valueAfter(['QWRh', '--value-encoding', 'base64'])).toBe('Ada')
})

test('or a file, to the byte', async () => {
  const path = join(await scratchDirectory(), 'value')
  await writeFile(path, 'Ada\n')
  expect(await valueAfter(['--value-file', path])).toBe('Ada\n')
  await writeFile(path, '416461\n')
  expect(await valueAfter(['--value-file', path, '--value-encoding', 'hex'])).toBe('Ada')
})

test('or standard input, unless that is a terminal', async () => {
  expect(await valueAfter([], 'Ada\n')).toBe('Ada\n')
  expect(await valueAfter(['--value-file', '-'], 'Ada\n')).toBe('Ada\n')
  expect(await valueAfter(['--value-file', '-'], '')).toBe('')
})

test('the answer tells version and durability', async () => {
  expect((await inProcess(['put', 'k', 'v'])).stdout).toBe('version 1 (synced)\n')
  expect((await inProcess(['put', 'k', 'v', '--json'])).stdout).toBe(
    '{"version":1,"durability":"synced"}\n',
  )
})

test.each([
  [
    ['k'],
    undefined,
    'there is no value: give it as an argument, with --value-file, or on standard input',
  ],
  [['k', '--value-file', '-'], undefined, 'there is no value'],
  [['k'], '', "standard input is empty: an empty value is written as kv put KEY ''"],
  [['k', 'v', '--value-file', 'f'], undefined, 'a value and --value-file exclude each other'],
  [
    ['k', 'v', '--value-encoding', 'utf8'],
    undefined,
    '--value-encoding must be one of text, hex, base64',
  ],
  [['k', 'xyz', '--value-encoding', 'hex'], undefined, 'the value is not hex'],
  [['xyz', 'v', '--key-encoding', 'hex'], undefined, 'the key is not hex'],
  [['k', '--value-encoding', 'hex'], 'xyz', 'standard input is not hex'],
])('%j with %j on standard input is refused', async (argv, stdin, message) => {
  const kv = new FakeKv()
  const outcome = await inProcess(['put', ...argv], { kv, stdin })
  expect(outcome).toMatchObject({ exitCode: 64, stdout: '' })
  expect(outcome.stderr).toContain(message)
  expect(kv.calls).toEqual([])
})

test('a file that is not there is named', async () => {
  const outcome = await inProcess(['put', 'k', '--value-file', '/no/such/file'])
  expect(outcome).toMatchObject({
    exitCode: 66,
    stderr: 'kv: /no/such/file cannot be read: no such file or directory (CLI_NO_INPUT)\n',
  })
})

test('a value that no server takes is not read to its end', async () => {
  const stdin = Buffer.alloc(2 * serverLimitsDefault.valueBytesMax + 1025)
  expect(await inProcess(['put', 'k'], { stdin })).toMatchObject({ exitCode: 14 })
})
