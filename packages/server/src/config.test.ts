import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import type { Config } from './settings.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(`${tmpdir()}/kv-config-`)
})

afterAll(() => rm(directory, { recursive: true }))

async function configOf(argv: string[], environment: Record<string, string> = {}): Promise<Config> {
  const outcome = await readConfig({ argv, environment, version: '1.2.3' })
  if (outcome.type !== 'run') throw new Error(`printed: ${outcome.text}`)
  return outcome.config
}

async function file(name: string, content: string): Promise<string> {
  const path = `${directory}/${name}`
  await writeFile(path, content)
  return path
}

test('defaults', async () => {
  const config = await configOf([])
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 7_411,
    dataDir: './data',
    durability: 'always',
    inFlightMax: 1_024,
    outputBytesPause: 1_048_576,
    idleTimeoutMs: 300_000,
    autoMerge: true,
    insecureNoTls: false,
  })
  expect(Object.isFrozen(config)).toBe(true)
})

test('flags in both forms, behind the -- that pnpm hands on', async () => {
  const argv = [
    '--',
    '--port=0',
    '--data-dir',
    '/x',
    '--segment-bytes',
    '4MiB',
    '--insecure-no-tls',
  ]
  expect(await configOf(argv)).toMatchObject({
    port: 0,
    dataDir: '/x',
    segmentBytes: 4_194_304,
    insecureNoTls: true,
    insecureNoAuth: false,
  })
})

test('a flag counts before the environment, that before the file, that before the default', async () => {
  const path = await file('all.json', '{"port": 1, "keyBytesMax": 100, "batchOpsMax": 7}')
  const environment = { KV_CONFIG: path, KV_PORT: '2', KV_KEY_BYTES_MAX: '200', HOME: '/' }
  expect(await configOf(['--port', '3'], environment)).toMatchObject({
    port: 3,
    keyBytesMax: 200,
    batchOpsMax: 7,
    batchBytesMax: 33_554_432,
  })
})

test('the file takes numbers, texts and truths', async () => {
  const path = await file('kinds.json', '{"port": "9", "autoMerge": false, "segmentBytes": "1KiB"}')
  expect(await configOf(['--config', path])).toMatchObject({
    port: 9,
    autoMerge: false,
    segmentBytes: 1_024,
  })
})

test('a variable that is no setting is handed back, but for the one of the kv command', async () => {
  const environment = { KV_PROT: '1', KV_ADDRESS: 'kv://127.0.0.1', OTHER: '1', KV_PORT: '7412' }
  const outcome = await readConfig({ argv: [], environment, version: '0.1.0' })
  expect(outcome).toMatchObject({ config: { port: 7412 }, unknownVariables: ['KV_PROT'] })
})

describe('refused, in one line and with exit code 64:', () => {
  test.each([
    [['--bogus'], '--bogus is not a flag; nothing was started; see --help for those there are'],
    [
      ['--no-auto-merge'],
      '--no-auto-merge is not a flag; nothing was started; see --help for those there are',
    ],
    [
      ['--dataDir', 'x'],
      '--dataDir is not a flag; nothing was started; see --help for those there are',
    ],
    [['stray'], "'stray' is no flag; nothing was started; see --help for those there are"],
    [
      ['--', '--', '--port', '1'],
      "'--port' is no flag; nothing was started; see --help for those there are",
    ],
    [
      ['--port', '1', '--port', '2'],
      '--port is given more than once; nothing was started; give it once',
    ],
    [['--port', 'x'], '--port must be 0 to 65535, not "x"; nothing was started; correct it'],
    [
      ['--port', '65536'],
      '--port must be 0 to 65535, not "65536"; nothing was started; correct it',
    ],
    [['--port', '-1'], '--port must be 0 to 65535, not "-1"; nothing was started; correct it'],
    [['--port', '1e3'], '--port must be 0 to 65535, not "1e3"; nothing was started; correct it'],
    [['--data-dir'], '--data-dir wants a directory; nothing was started; name it behind the flag'],
    [['--port'], '--port wants 0 to 65535; nothing was started; name it behind the flag'],
    [['--config'], '--config wants a file; nothing was started; name it behind the flag'],
    [['--port='], '--port must be 0 to 65535, not ""; nothing was started; correct it'],
    [['--data-dir='], '--data-dir must be a directory, not ""; nothing was started; correct it'],
    [
      ['--durability', 'maybe'],
      '--durability must be always or interval or never, not "maybe"; nothing was started; correct it',
    ],
    [
      ['--hello-timeout-ms', '0'],
      '--hello-timeout-ms must be 1 to 3600000 ms, not "0"; nothing was started; correct it',
    ],
    [
      ['--segment-bytes', '64MB'],
      '--segment-bytes must be 256 to 1GiB, in bytes or with KiB, MiB, GiB, not "64MB"; nothing was started; correct it',
    ],
    [
      ['--value-bytes-max', '64MiB'],
      'keyBytesMax and valueBytesMax (67174399 bytes together) are over batchBytesMax (33554432); nothing was started; raise --batch-bytes-max',
    ],
  ])('%j', async (argv, message) => {
    await expect(configOf(argv)).rejects.toMatchObject({ exitCode: 64, message })
  })

  test.each([
    [
      '{"prot": 1}',
      "'prot' is not a setting; nothing was started; remove it, or see --help for those there are",
    ],
    [
      '{"__proto__": 1}',
      "'__proto__' is not a setting; nothing was started; remove it, or see --help for those there are",
    ],
    [
      '{"port": {}}',
      '\'port\' in PATH must be 0 to 65535, not "{}"; nothing was started; correct it',
    ],
    [
      '{"port": null}',
      '\'port\' in PATH must be 0 to 65535, not "null"; nothing was started; correct it',
    ],
    ['[]', 'PATH is not a JSON object; nothing was started; correct it'],
    ['{', 'PATH is not a JSON object; nothing was started; correct it'],
  ])('a file with %s', async (content, message) => {
    const path = await file('bad.json', content)
    const error: unknown = await configOf(['--config', path]).catch((error: unknown) => error)
    expect(error).toMatchObject({ exitCode: 64 })
    expect((error as Error).message).toContain(message.replace('PATH', path))
  })

  test('a file that is not there', async () => {
    await expect(configOf(['--config', '/no/such/file'])).rejects.toMatchObject({
      exitCode: 64,
      message: '/no/such/file cannot be read (ENOENT); nothing was started; correct --config',
    })
  })
})

test('help names every flag, its unit and its default; version is the version', async () => {
  const help = await readConfig({ argv: ['--help'], environment: {}, version: '1.2.3' })
  expect(help.type).toBe('print')
  const text = help.type === 'print' ? help.text.replaceAll(/\s+/g, ' ') : ''
  for (const name of Object.keys(await configOf([]))) {
    expect(text).toContain(
      `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} `,
    )
  }
  expect(text).toContain('default 7411')
  expect(text).toContain('default 64MiB')
  const version = await readConfig({ argv: ['--version'], environment: {}, version: '1.2.3' })
  expect(version).toEqual({ type: 'print', text: '1.2.3' })
})
