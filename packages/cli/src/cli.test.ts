import { KvError } from '@kv/client'
import { expect, test } from 'vitest'
import { FakeKv } from '../test/fake-kv.ts'
import { inProcess } from '../test/in-process.ts'
import { MemoryOutput } from '../test/memory-output.ts'
import { CliError } from './cli-error.ts'
import { packageVersion } from './version.ts'

test('the version is that of the package', async () => {
  expect(await inProcess(['--version'])).toMatchObject({
    exitCode: 0,
    stdout: `${packageVersion()}\n`,
  })
})

test('a wrong command line is one line, a hint and exit code 64, and nobody is called', async () => {
  expect(await inProcess(['fo\n'])).toEqual({
    exitCode: 64,
    stdout: '',
    stderr: expect.stringMatching(
      /^kv: unknown command 'fo\\n'; there are: put, get, .*; see kv --help \(CLI_USAGE\)\n$/,
    ),
    targets: [],
  })
})

test.each([
  [['ping'], {}, { address: 'kv://127.0.0.1:7411', timeoutMs: undefined }],
  [['ping'], { KV_ADDRESS: '' }, { address: 'kv://127.0.0.1:7411', timeoutMs: undefined }],
  [['ping'], { KV_ADDRESS: 'kv://b' }, { address: 'kv://b', timeoutMs: undefined }],
  [['ping', '-a', 'kv://c'], { KV_ADDRESS: 'kv://b' }, { address: 'kv://c', timeoutMs: undefined }],
  [['ping', '--timeout-ms', '5'], {}, { address: 'kv://127.0.0.1:7411', timeoutMs: 5 }],
])('%j with %j connects to %j', async (argv, environment, target) => {
  const { targets, exitCode } = await inProcess(argv, { environment })
  expect(targets).toEqual([target])
  expect(exitCode).toBe(0)
})

test.each([['0'], ['x'], ['2147483648']])('a timeout of %s is refused', async (timeout) => {
  expect(await inProcess(['ping', '--timeout-ms', timeout])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('--timeout-ms must be a whole number from 1 to 2147483647'),
  })
})

test('an error of the server is one line with its code, which has its exit code', async () => {
  const kv = new FakeKv()
  kv.onCall = () => {
    throw new KvError('KV_DISK_FULL', 'no room\x1b[2J\nat all')
  }
  expect(await inProcess(['put', 'k', 'v'], { kv })).toMatchObject({
    exitCode: 36,
    stdout: '',
    stderr: 'kv: no room\\x1b[2J\\nat all (KV_DISK_FULL)\n',
  })
  expect(await inProcess(['put', 'k', 'v', '--json'], { kv })).toMatchObject({
    exitCode: 36,
    stderr: '{"error":{"code":"KV_DISK_FULL","message":"no room\\u001b[2J\\nat all"}}\n',
  })
  expect(kv.closed).toBe(2)
})

test('a code that only the server knows keeps its name', async () => {
  const kv = new FakeKv()
  kv.onCall = () => {
    throw new KvError('KV_INTERNAL', 'new', {}, 'KV_BRAND_NEW')
  }
  expect(await inProcess(['ping'], { kv })).toMatchObject({
    exitCode: 45,
    stderr: 'kv: new (KV_BRAND_NEW)\n',
  })
})

test('an error of our own has a stack only with --debug', async () => {
  const kv = new FakeKv()
  kv.onCall = () => {
    throw new Error('a bug', { cause: new Error('of old') })
  }
  const quiet = await inProcess(['ping'], { kv })
  expect(quiet).toMatchObject({ exitCode: 70, stderr: 'kv: a bug (CLI_INTERNAL)\n' })
  const { stderr } = await inProcess(['ping', '--debug'], { kv })
  expect(stderr).toMatch(
    /^kv: a bug \(CLI_INTERNAL\)\nError: a bug\n +at [^]*caused by Error: of old/,
  )
})

test('a reader who has gone is no failure', async () => {
  const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  const stdout = new MemoryOutput({ failure: gone })
  expect(await inProcess(['ping'], { stdout })).toMatchObject({ exitCode: 0, stderr: '' })
})

test('an output that cannot be written is one', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  })
  const stdout = new MemoryOutput({ failure: full })
  expect(await inProcess(['ping'], { stdout })).toMatchObject({
    exitCode: 74,
    stderr: expect.stringContaining('no space left on device'),
  })
})

test('what fails after a signal fails because of it', async () => {
  const interruption = new AbortController()
  const kv = new FakeKv()
  kv.onCall = () => {
    interruption.abort(new CliError('CLI_INTERRUPTED', 'ended by a signal'))
    throw new KvError('KV_CANCELLED', 'the put was cancelled, it may or may not take effect')
  }
  expect(await inProcess(['put', 'k', 'v'], { kv, signal: interruption.signal })).toMatchObject({
    exitCode: 130,
    stderr:
      'kv: ended by a signal: the put was cancelled, it may or may not take effect (CLI_INTERRUPTED)\n',
  })
})
