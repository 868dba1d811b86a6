import { readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Store } from '@kv/engine'
import { afterEach, expect, test, vi } from 'vitest'
import { RawClient } from '../test/raw-client.ts'
import {
  type LogLine,
  recordingLogger,
  TestNode,
  temporaryDirectory,
  testConfig,
} from '../test/test-node.ts'
import { Node } from './node.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('a port in use leaves no data directory behind', async () => {
  const directory = await temporaryDirectory()
  await using other = await TestNode.start()
  const flags = ['--data-dir', `${directory}/data`, '--port', String(other.port)]
  const config = await testConfig(...flags)
  const logger = recordingLogger([])
  const start = Node.start({ config, logger, onDiskFailure: () => undefined })
  await expect(start).rejects.toMatchObject({ exitCode: 69 })
  expect(await readdir(directory)).toEqual([])
  await rm(directory, { recursive: true })
})

test('a directory in use gives the port back', async () => {
  await using node = await TestNode.start()
  const probe = createServer()
  const port = await new Promise<number>((resolve) => {
    probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port))
  })
  await new Promise((resolve) => probe.close(resolve))
  const flags = ['--data-dir', `${node.directory}/data`, '--port', String(port)]
  const config = await testConfig(...flags)
  const logger = recordingLogger([])
  await expect(
    Node.start({ config, logger, onDiskFailure: () => undefined }),
  ).rejects.toMatchObject({
    exitCode: 75,
    message: `${node.directory}/data is in use by process ${process.pid}; nothing was changed; stop that one, or choose another directory`,
  })
  await new Promise<void>((resolve) => probe.listen(port, '127.0.0.1', resolve))
  await new Promise((resolve) => probe.close(resolve))
})

test('an address that others reach is warned of at every start', async () => {
  const flags = ['--host', '0.0.0.0', '--insecure-no-tls', '--insecure-no-auth']
  await using node = await TestNode.start(...flags)
  expect(node.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
    'other machines can read and write all data: no encryption (--insecure-no-tls)',
    'other machines can read and write all data: no login (--insecure-no-auth)',
  ])
})

test('a failed disk is told to those who wait, then to the process', async () => {
  const directory = await temporaryDirectory()
  const config = await testConfig('--data-dir', `${directory}/data`, '--port', '0')
  const lines: LogLine[] = []
  const { promise: failed, resolve: onDiskFailure } = Promise.withResolvers<void>()
  let reportFailure: ((error: unknown) => void) | undefined
  const open = Store.open.bind(Store)
  vi.spyOn(Store, 'open').mockImplementation((path, options) => {
    reportFailure = options?.onFailure
    return open(path, options)
  })
  await using node = await Node.start({ config, logger: recordingLogger(lines), onDiskFailure })
  const client = await RawClient.open(node.address.port)
  const writing = Promise.withResolvers<never>()
  const submitted = Promise.withResolvers<void>()
  vi.spyOn(Store.prototype, 'put').mockImplementation(() => {
    submitted.resolve()
    return writing.promise
  })
  const answer = client.ask({ kind: 'put', key: Buffer.from('a'), value: Buffer.from('1') })
  await submitted.promise
  // As the store does it: first it says so, then it lets down who waits.
  reportFailure?.(new Error('EIO'))
  writing.reject(new Error('EIO'))
  await failed
  expect(await answer).toMatchObject({ code: 'KV_INTERNAL', outcome: 'unknown' })
  await client.close()
  await rm(directory, { recursive: true })
})
