import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect as connectSocket, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect } from '@kv/client'
import { expect, onTestFinished, test } from 'vitest'
import { ImportStopped } from '../../src/import-stopped.ts'
import { importRecords } from '../../src/importer.ts'
import { scratchDirectory } from '../scratch.ts'
import { ended, kv, spawnKv } from './cli-process.ts'
import { ServerProcess } from './server-process.ts'

const printCities = fileURLToPath(
  new URL('../../../../apps/bench/src/print-cities.ts', import.meta.url),
)

async function citiesFile(): Promise<{ path: string; lines: string[] }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=kv-source', printCities],
    { maxBuffer: 2 ** 30 },
  )
  const path = join(await scratchDirectory(), 'cities.jsonl')
  await writeFile(path, stdout)
  return { path, lines: stdout.trimEnd().split('\n') }
}

async function startServer(): Promise<ServerProcess> {
  return await ServerProcess.start(join(await scratchDirectory(), 'data'))
}

const lineOf = (index: number) => `{"key":"k${index}","value":"${index}"}\n`

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_none, index) => lineOf(from + index)).join('')
}

async function keysOf(address: string): Promise<Set<string>> {
  const { stdout, exitCode } = await kv(address, ['range', '--keys-only'])
  expect(exitCode).toBe(0)
  return new Set(stdout.split('\n').slice(0, -1))
}

test('all cities of the world go in and come out, line by line', async () => {
  const { address } = await startServer()
  const cities = await citiesFile()
  const imported = await kv(address, ['import', cities.path, '--json'])
  expect(imported).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(imported.stdout)).toMatchObject({ records: cities.lines.length })

  const path = join(await scratchDirectory(), 'exported.jsonl')
  const exported = await kv(address, ['export', path])
  expect(exported).toMatchObject({ exitCode: 0, stderr: '' })
  expect(exported.stdout).toMatch(/^exported [\d,]+ records, /)
  const exportedLines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect(exportedLines.length).toBe(cities.lines.length)
  expect(exportedLines.toSorted()).toEqual(cities.lines.toSorted())

  const lyon = await kv(address, ['range', '--prefix', 'city/FR/Lyon/', '--keys-only'])
  expect(lyon.stdout).toMatch(/^city\/FR\/Lyon\/\d{6}\n$/)
  // Once more changes nothing.
  expect(await kv(address, ['import', cities.path])).toMatchObject({ exitCode: 0 })
  const again = await kv(address, ['export'])
  expect(Buffer.from(again.stdout, 'latin1').equals(await readFile(path))).toBe(true)
})

test('of a key that occurs again and again the last line wins', async () => {
  const { address } = await startServer()
  const content = Array.from({ length: 20_000 }, (_none, index) =>
    JSON.stringify({ key: `k${index % 7}`, value: String(index) }),
  ).join('\n')
  expect(await kv(address, ['import'], content)).toMatchObject({ exitCode: 0 })
  expect((await kv(address, ['range'])).stdout).toBe(
    [0, 1, 2, 3, 4, 5, 6].map((key) => `k${key}\t${19_999 - ((19_999 - key) % 7)}\n`).join(''),
  )
})

test('a bad line stops the import where it stands', async () => {
  const { address } = await startServer()
  const path = join(await scratchDirectory(), 'bad.jsonl')
  await writeFile(path, `${lines(0, 1_500)}{"key":"k","value":\n${lines(1_500, 3_000)}`)
  const { exitCode, stderr } = await kv(address, ['import', path])
  expect(exitCode).toBe(65)
  expect(stderr).toContain(`${path}:1501: not valid JSON`)
  expect(stderr).toContain('1,500 records are imported for certain, all lines up to 1500')
  expect((await keysOf(address)).size).toBe(1_500)
})

test('a reader who has read enough ends the command without a word', async () => {
  const { address } = await startServer()
  await kv(address, ['import'], lines(0, 30_000))
  for (const command of ['range', 'export']) {
    const child = spawnKv(address, [command])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [stderr, [exitCode]] = await Promise.all([
      child.stderr.setEncoding('utf8').toArray(),
      once(child, 'exit'),
    ])
    expect({ exitCode, stderr: stderr.join('') }).toEqual({ exitCode: 0, stderr: '' })
  }
})

test('a reader who pauses for longer than the timeout gets everything all the same', async () => {
  const { address } = await startServer()
  await kv(address, ['import'], lines(0, 30_000))
  const child = spawnKv(address, ['range', '--keys-only', '--timeout-ms', '2000'])
  await once(child, 'spawn')
  // The pause is what is tested: the pipe is full long before, and the next page has been answered.
  await sleep(4_000)
  const { exitCode, stdout, stderr } = await ended(child)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout.split('\n').length).toBe(30_001)
})

test('a signal ends an import, which tells how far it came', async () => {
  const { address } = await startServer()
  const child = spawnKv(address, ['import'])
  child.stdin.write(lines(0, 5_000))
  await using client = await connect(address)
  // With the input open, the last batch is not full and waits.
  while ((await client.ping()).index < 5_000 - 500) await client.ping()
  child.kill('SIGINT')
  const { exitCode, stdout, stderr } = await ended(child)
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' })
  expect(stderr).toMatch(
    /^kv: ended by a signal: standard input: .*the import stopped, [\d,]+ records are imported for certain/,
  )
})

test('a signal ends an export, and no file is left', async () => {
  const { address } = await startServer()
  await kv(address, ['import'], lines(0, 30_000))
  const directory = await scratchDirectory()
  const path = join(directory, 'all.jsonl')
  // So that it is not over before the signal, whenever that comes.
  const child = spawnKv(await narrowWay(address, 300_000), ['export', path])
  while ((await readdir(directory)).length === 0) await sleep(0)
  child.kill('SIGTERM')
  expect(await ended(child)).toMatchObject({
    exitCode: 143,
    stdout: '',
    stderr: expect.stringMatching(/^kv: ended by a signal.*\(CLI_TERMINATED\)\n$/),
  })
  expect(await readdir(directory)).toEqual([])
})

test('kill -9 of the server during an import: a clear error, and what is said to be imported is there', async () => {
  const directory = join(await scratchDirectory(), 'data')
  const server = await ServerProcess.start(directory)
  const child = spawnKv(server.address, ['import'])
  child.stdin.on('error', () => undefined)
  child.stdin.write(lines(0, 20_000))
  {
    await using client = await connect(server.address)
    while ((await client.ping()).index < 10_000) await client.ping()
  }
  await server.kill()
  child.stdin.end(lines(20_000, 40_000))
  const { exitCode, stdout, stderr } = await ended(child)
  expect([30, 40]).toContain(exitCode)
  expect(stdout).toBe('')
  const [, records, linesDone] =
    /the import stopped, ([\d,]+) records are imported for certain, all lines up to (\d+) among them/.exec(
      stderr,
    ) ?? []
  expect(stderr.trimEnd().split('\n').length).toBe(1)

  const { address } = await ServerProcess.start(directory)
  const keys = await keysOf(address)
  expect(Number(linesDone)).toBeGreaterThanOrEqual(500)
  for (let index = 0; index < Number(linesDone); index++) expect(keys).toContain(`k${index}`)
  expect(keys.size).toBeGreaterThanOrEqual(Number(records!.replaceAll(',', '')))
  expect(await kv(address, ['import'], lines(0, 40_000))).toMatchObject({ exitCode: 0 })
  expect((await keysOf(address)).size).toBe(40_000)
})

test('kill -9 with batches in flight: every acknowledged record survives', async () => {
  const directory = join(await scratchDirectory(), 'data')
  const server = await ServerProcess.start(directory)
  const acknowledged: string[] = []
  let killed: Promise<void> | undefined
  {
    await using client = await connect(server.address, { reconnect: { attemptsMax: 1 } })
    const failure: unknown = await importRecords(client, endlessChunks(), {
      batchRecordsMax: 100,
      onAcknowledged: (keys) => {
        acknowledged.push(...keys.map(String))
        if (acknowledged.length >= 5_000) killed ??= server.kill()
      },
    }).catch((error: unknown) => error)
    await killed
    expect(failure).toBeInstanceOf(ImportStopped)
    expect(failure).toMatchObject({
      cause: { code: expect.stringMatching(/^KV_(OUTCOME_UNKNOWN|UNREACHABLE)$/) },
      report: { records: acknowledged.length },
    })
  }
  const { address } = await ServerProcess.start(directory)
  const keys = await keysOf(address)
  expect(acknowledged.length).toBeGreaterThanOrEqual(5_000)
  expect(acknowledged.filter((key) => !keys.has(key))).toEqual([])
})

/** The address of a way to the server that brings so many bytes back, and then no more. */
async function narrowWay(address: string, bytesMax: number): Promise<string> {
  const way = createServer((client) => {
    const server = connectSocket(Number(new URL(address).port), '127.0.0.1')
    client.pipe(server)
    let bytes = 0
    server.on('data', (chunk: Buffer) => {
      client.write(chunk)
      bytes += chunk.length
      if (bytes >= bytesMax) server.pause()
    })
    for (const socket of [client, server]) socket.on('error', () => undefined)
    client.on('close', () => server.destroy())
  })
  way.listen(0, '127.0.0.1')
  await once(way, 'listening')
  onTestFinished(() => void way.close())
  return `kv://127.0.0.1:${(way.address() as AddressInfo).port}`
}

async function* endlessChunks(): AsyncGenerator<Buffer> {
  for (let index = 0; ; index += 100) yield Buffer.from(lines(index, index + 100))
}
