import { readFileSync } from 'node:fs'
import { errorTable } from '@kv/client'
import { expect, test } from 'vitest'
import { cliExitCodes, errorExitCodes } from './exit-codes.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const all = Object.entries({ ...errorExitCodes, ...cliExitCodes })

test('every error has an exit code, and no two the same', () => {
  expect(Object.keys(errorExitCodes).sort()).toEqual(Object.keys(errorTable).sort())
  expect(new Set(all.map(([, code]) => code)).size).toBe(all.length)
})

test('the tens tell whether to try again, and whether a write may have taken effect', () => {
  for (const [name, { retryable, outcome }] of Object.entries(errorTable)) {
    const code = errorExitCodes[name as keyof typeof errorTable]
    const [from, to] = outcome === 'unknown' ? [40, 49] : retryable ? [30, 39] : [10, 29]
    expect.soft(code, name).toBeGreaterThanOrEqual(from)
    expect.soft(code, name).toBeLessThanOrEqual(to)
  }
})

test('README.md lists each of them', () => {
  const documented = [...readme.matchAll(/^\| *(\d+) *\| *`((?:KV|CLI)_[A-Z_]+)` *\|/gm)].map(
    ([, code, name]) => [name, Number(code)],
  )
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(all))
  expect(documented.length).toBe(all.length)
})
