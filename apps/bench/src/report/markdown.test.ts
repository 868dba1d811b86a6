import { expect, test } from 'vitest'
import { type Row, testingRun, testingSubject, testingWorkload } from '../results/testing-run.ts'
import { renderMarkdown } from './markdown.ts'

const rows: Row[] = [
  ['kv', 'new, 50 in flight', 'throughput', [120, 110, 110, 110, 100]],
  ['redis-ioredis', 'new, 50 in flight', 'throughput', [100, 100, 100, 100, 100]],
  ['etcd', 'new, 50 in flight', 'throughput', [400, 400, 400, 400, 400]],
  ['kv', 'new, 1 in flight', 'throughput', [99, 100, 99, 99, 98]],
  ['redis-ioredis', 'new, 1 in flight', 'throughput', [100, 98, 100, 100, 100]],
]

function page(more: Parameters<typeof testingWorkload>[2] = {}): string {
  return renderMarkdown([testingRun([testingWorkload('put', rows, more)])])
}

test('the targets come before the workloads, missed ones with how far', () => {
  const text = page()
  expect(text.indexOf('## Targets')).toBeLessThan(text.indexOf('## put'))
  expect(text).toContain(
    '| put: new, 50 in flight, operations a second | ≥ 1.3× the best Redis client | 1.1× (1–1.2) | 5 | redis-ioredis | **missed by 15.4 %** |',
  )
  expect(text).toContain('not measured: get was not run')
  expect(text).toContain('not yet: waits for replication')
})

test('says what stands in the way of a target that is missed, and of no other', () => {
  const rows: Row[] = [['kv', 'range of 100', 'diskReads', [5, 5, 5, 5, 5]]]
  const missed = renderMarkdown([testingRun([testingWorkload('range-cold', rows)])])
  expect(missed).toMatch(/### What stands in the way\n\n- P12\. Behind a merge/)
  expect(missed).not.toContain('- P13.')
  expect(page()).not.toContain('- P12.')
})

test('profiles follow the figures', () => {
  const lines = [{ function: 'engine/keydir/hash-index #split', share: 12.5 }]
  const text = page({ profiles: [{ case: 'new, 50 in flight', lines }] })
  expect(text).toContain('| new, 50 in flight | engine/keydir/hash-index #split | 12.5 % |')
})

test('where a peer wins, the table says so in words', () => {
  expect(page()).toContain('**0.275× (0.25–0.3), the peer wins**')
})

test('where rounds disagree on who is ahead, the table says so too', () => {
  const text = page()
  expect(text).toContain('0.99× (0.98–1.02), peer ahead, within the noise')
  expect(text).toContain('1.1× (1–1.2), within the noise')
})

test('says how everything was measured', () => {
  const subject = {
    ...testingSubject('kv'),
    acknowledges: 'when on the disk',
    options: ['--durability always', 'a|b'],
  }
  const skipped = [{ subject: 'nats', reason: 'is not installed', install: 'apt-get install nats' }]
  const text = page({ skipped, subjects: [subject, testingSubject('redis-ioredis')] })
  expect(text).toContain('`pnpm bench put`')
  expect(text).toContain('2026-01-02 03:04 UTC')
  expect(text).toContain('4 × Testing CPU, 8 GiB, Debian 12, kernel 6.1.0, ext4, Node 24.0.0')
  expect(text).toContain(
    '| the subject kv | `kv` | kv 1.2.3 | when on the disk | `--durability always`, `a\\|b` |',
  )
  expect(text).toContain('- nats: is not installed; to have it: apt-get install nats')
  expect(text).toContain('value bytes: 100.')
})

test('every row of a table has as many cells as its head', () => {
  const hostile = { ...testingSubject('etcd'), title: 'a | b `c` <d>\n| e' }
  const text = page({
    subjects: [testingSubject('kv'), testingSubject('redis-ioredis'), hostile],
  })
  let columns = 0
  let tables = 0
  for (const line of text.split('\n')) {
    const cells = line.startsWith('|') ? line.split(/(?<!\\)\|/).length : 0
    if (columns === 0 && cells > 0) tables++
    if (columns > 0 && cells > 0) expect(cells, line).toBe(columns)
    columns = cells
  }
  expect(tables).toBeGreaterThan(4)
})

test('prose is not wider than 150 columns', () => {
  const parameters = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`size ${at}`, at]))
  const prose = page({ parameters })
    .split('\n')
    .filter((line) => !line.startsWith('|'))
  expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(150)
})

test('the same runs give the same page, whatever their order', () => {
  const older = testingRun([testingWorkload('put', rows)])
  const newer = testingRun([testingWorkload('get', rows)], {
    startedAt: '2026-01-05T00:00:00.000Z',
  })
  expect(renderMarkdown([older, newer])).toBe(renderMarkdown([newer, older]))
})

test('no runs are an error, not an empty page', () => {
  expect(() => renderMarkdown([])).toThrow('no runs')
})
