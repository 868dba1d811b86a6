/** The bench as a person runs it: real servers, real files, and what a wrong command line gets. */
import { type ExecFileException, execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRunFile } from '../../src/results/read-run-file.ts'
import { workloads } from '../../src/workloads/workloads.ts'

const mainFile = join(import.meta.dirname, '../../src/main.ts')
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kv-bench-test-'))
})

afterAll(() => rm(directory, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function bench(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    execFile(process.execPath, [mainFile, ...args], { maxBuffer: 2 ** 26, cwd: directory }, done)
  })
}

test('without a workload it lists what there is', async () => {
  const { code, stdout } = await bench()
  expect(code).toBe(0)
  for (const { name } of workloads) expect(stdout).toContain(`│ ${name} `)
  for (const peer of ['redis-ioredis', 'redis-node-redis', 'etcd', 'nats', 'lmdb', 'sqlite']) {
    expect(stdout).toContain(`│ ${peer} `)
  }
  expect(stdout).toContain('not yet: P14')
})

test('measures us and embedded peers in turn, and renders and compares what it found', async () => {
  const stores = join(directory, 'stores')
  await mkdir(stores)
  const file = join(directory, 'a.json')
  const flags = ['--quick', '--rounds', '2', '--out', file, '--directory', stores]
  const ended = await bench('embedded', '--peers', 'lmdb,sqlite', ...flags)
  expect(ended).toMatchObject({ code: 0 })
  expect(ended.stdout).toContain('kv / peer')
  expect(await readdir(stores)).toEqual([])

  const run = await readRunFile(file)
  const [embedded] = run.workloads
  expect(run).toMatchObject({ quick: true, workloads: [{ rounds: 2 }] })
  expect(embedded!.subjects.map(({ name }) => name)).toEqual(['kv-embedded', 'lmdb', 'sqlite'])
  expect(embedded!.skipped).toEqual([])
  for (const { name, metrics } of embedded!.cases) {
    for (const subject of ['kv-embedded', 'lmdb', 'sqlite']) {
      const samples = embedded!.samples.filter(
        (sample) => sample.case === name && sample.subject === subject,
      )
      expect(samples.map(({ round }) => round)).toEqual([1, 2])
      for (const { values } of samples) expect(values[metrics[0]]).toBeGreaterThan(0)
    }
  }

  const html = join(directory, 'report.html')
  expect(await bench('report', file, '--html', html)).toMatchObject({ code: 0 })
  const page = await readFile(html, 'utf8')
  expect(page).toContain('<svg')
  expect(page).not.toMatch(/(src|href)="?http|@import|url\(http/)
  const compared = await bench('compare', file, file)
  expect(compared).toMatchObject({ code: 0 })
  expect(compared.stdout).toContain('nothing moved beyond the noise')
})

test('a quick run is not for the record', async () => {
  const file = join(directory, 'a.json')
  const { code, stderr } = await bench('report', file, '--record')
  expect(code).toBe(64)
  expect(stderr).toContain('is a --quick run')
  expect(stderr).toContain('nothing was written')
})

test.each([
  [['nothing'], "there is no workload 'nothing'"],
  [['put', '--peers', 'mysql'], "there is no peer 'mysql'"],
  [['put', '--rounds', '0'], '--rounds takes a whole number from 1'],
  [['put', '--rounds', 'many'], "from 1 to 1000, not 'many'. Nothing was run"],
  [['put', '--rounds'], '--rounds wants a value; nothing was run'],
  [['put', '--directory', '/nonexistent'], '/nonexistent is no directory'],
  [['put', '--fast'], 'Unknown argument: fast; nothing was run'],
  [['compare', 'one.json'], 'Not enough non-option arguments'],
])('%j is refused before anything runs', async (args, message) => {
  const { code, stdout, stderr } = await bench(...args)
  expect(stderr).toContain(message)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(64)
  expect(stdout).toBe('')
})

test('a comparison with nothing to compare is an error', async () => {
  // SQLite is no peer of this workload.
  const { code, stderr } = await bench('put', '--quick', '--peers', 'sqlite')
  expect(stderr).toContain('put has nothing to compare with')
  expect(code).toBe(1)
})

test.each([
  ['not there', undefined, 'there is no such file'],
  ['no JSON', 'hello', 'is not JSON'],
  ['another schema', '{"schema":"other/1"}', 'has schema "other/1"'],
])('a run file that is %s is named in one line', async (_, text, message) => {
  const file = join(directory, 'damaged.json')
  await rm(file, { force: true })
  if (text !== undefined) await writeFile(file, text)
  const { code, stderr } = await bench('report', file)
  expect(stderr).toContain(message)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(1)
})
