/** Keeps docs/protocol.md and docs/errors.md in step with the tables. */
// oxlint-disable-next-line no-restricted-imports -- only this test reads files: the pages it checks
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { answerFrame, requestFrame } from '../test/payloads.ts'
import { errorTable } from './error-codes.ts'
import { KvError } from './errors.ts'
import { consistencyCodes, durabilityCodes, requestKindCodes, statusCodes } from './kinds.ts'
import {
  helloFrameBytesMax,
  rangePageBytesMax,
  rangePageKeysMax,
  serverLimitsDefault,
} from './limits.ts'
import { protocolVersions } from './version.ts'

const protocolPage = page('protocol.md')
const errorsPage = page('errors.md')

function page(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
}

/** Rows of all tables, as trimmed cells. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('errors.md has every code once, with its traits and meaning', () => {
  const documented = rows(errorsPage).filter(
    (row) => row.length === 5 && row[0]!.startsWith('`KV_'),
  )
  const expected = Object.entries(errorTable).map(([code, traits]) => [
    `\`${code}\``,
    traits.retryable ? 'yes' : 'no',
    traits.outcome,
    traits.description,
    expect.stringMatching(/\.$/),
  ])
  expect(documented).toEqual(expected)
})

test('no page names a code that is not in the table', () => {
  for (const code of `${protocolPage}${errorsPage}`.match(/KV_[A-Z_]+/g)!) {
    expect(Object.keys(errorTable)).toContain(code)
  }
})

test('protocol.md has every kind with its code, and no other', () => {
  const documented = rows(protocolPage.split('## Kinds')[1]!.split('**hello**')[0]!).slice(2)
  expect(documented.map(([code, kind]) => [kind, Number(code)])).toEqual(
    Object.entries(requestKindCodes),
  )
  for (const kind of Object.keys(requestKindCodes)) expect(protocolPage).toContain(`**${kind}**`)
  for (const version of protocolVersions) expect(protocolPage).toContain(`version ${version}`)
})

test('protocol.md has the small numbers', () => {
  const numbers = rows(protocolPage.split('### Numbers')[1]!.split('## Kinds')[0]!).slice(2)
  const documented = (code: number, name: number) =>
    numbers
      .filter((row) => row[code] !== '')
      .map((row) => [row[name]!.split(/\W/)[0], Number(row[code])])
  expect(documented(0, 1)).toEqual(Object.entries(statusCodes))
  expect(documented(3, 4)).toEqual(Object.entries(durabilityCodes))
  expect(documented(6, 7)).toEqual(Object.entries(consistencyCodes))
})

test('protocol.md has the default limits', () => {
  const documented = rows(protocolPage.split('## Limits')[1]!).map((row) => [
    row[0]!.split(',')[0],
    Number(row[1]!.replaceAll(',', '')),
  ])
  const expected = [
    ...Object.entries(serverLimitsDefault),
    ['frame before hello is answered', helloFrameBytesMax],
    ['keys of a range page', rangePageKeysMax],
    ['bytes of a range page', rangePageBytesMax],
  ]
  expect(documented.slice(2)).toEqual(expected)
})

test('the examples of protocol.md are, to the byte, what is sent', () => {
  const key = Buffer.from('user:1')
  const value = Buffer.from('Ada')
  const hello = {
    version: 1,
    nodeId: 'n1',
    clusterId: 'c1',
    limits: serverLimitsDefault,
    serverVersion: '0.1.0',
  }
  const busy = new KvError('KV_TRY_LATER', 'busy', { details: { retryAfterMs: 250 } })
  const frames = {
    hello: requestFrame(1, { kind: 'hello', versions: [1], clientName: 'example/1' }),
    'hello-answer': answerFrame(1, { kind: 'hello', ...hello }),
    put: requestFrame(2, {
      kind: 'put',
      key,
      value,
      options: { durability: 'synced' },
      context: { timeoutMs: 1_000 },
    }),
    'put-answer': answerFrame(2, { kind: 'put', version: 41, term: 0, durability: 'synced' }),
    get: requestFrame(3, { kind: 'get', key }),
    'get-answer': answerFrame(3, { kind: 'get', found: { value, version: 41 } }),
    'get-answer-not-found': answerFrame(3, { kind: 'get', found: undefined }),
    error: answerFrame(4, busy),
  }
  const documented = [...protocolPage.matchAll(/```hex (\S+)\n(.*?)```/gs)].map(
    ([, name, lines]) => [name, hexColumn(lines!)],
  )
  const expected = Object.entries(frames).map(([name, frame]) => [name, frame.toString('hex')])
  expect(documented).toEqual(expected)
})

/** Two spaces and more end the bytes of a line. */
function hexColumn(lines: string): string {
  return lines
    .split('\n')
    .map((line) => line.split('  ')[0]!.replaceAll(' ', ''))
    .join('')
}
