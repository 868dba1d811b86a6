/** Keeps docs/bug-catalogue.md in step with the tests and patches that it names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = dirname(dirname(import.meta.dirname))

/** Cells of the table's rows. */
const rows = readFileSync(join(root, 'docs', 'bug-catalogue.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [0-9]/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

test('every bug is there once, with a source and a test', () => {
  expect(rows.map(([number]) => Number(number))).toEqual(
    Array.from({ length: 28 }, (_, place) => place + 1),
  )
  for (const [number, bug, source, tests] of rows) {
    expect(bug, `bug ${number}`).toMatch(/\.$/)
    expect(source, `source of bug ${number}`).toMatch(/#[0-9]+|[0-9a-f]{7}|[0-9]{4}/)
    expect(namedTests(tests!).length, `tests of bug ${number}`).toBeGreaterThan(0)
  }
})

test('every test that the page names is in the file that it names', () => {
  const named = rows.flatMap(([, , , tests]) => namedTests(tests!))
  expect(named.length).toBeGreaterThanOrEqual(28)
  for (const { file, name } of named) {
    const path = join(root, file)
    expect(existsSync(path), file).toBe(true)
    expect(titlesIn(readFileSync(path, 'utf8')), `${file} has no such test`).toContain(name)
  }
})

test('nothing but names of tests stands where they are named', () => {
  for (const [number, , , tests] of rows) {
    expect(tests!.replaceAll(namePattern, '').replaceAll(', ', ''), `bug ${number}`).toBe('')
  }
})

test('every planted bug that the page names is in the bank', () => {
  const planted = readdirSync(join(root, 'test', 'bug-bank'))
    .filter((name) => name.endsWith('.patch'))
    .map((name) => String(Number.parseInt(name, 10)))
  const named = rows.flatMap(([, , , , patches]) => patches!.split(', ').filter(Boolean))
  expect(named.length).toBeGreaterThan(20)
  for (const number of named) expect(planted).toContain(number)
})

const namePattern = /`([^`]+)` “([^”]+)”/g

function namedTests(cell: string): { file: string; name: string }[] {
  return [...cell.matchAll(namePattern)].map(([, file, name]) => ({ file: file!, name: name! }))
}

/** What tests in a source are called, as it is written there. */
function titlesIn(source: string): string[] {
  return [...source.matchAll(/\btest(?:\.each\([^)]*\))?\(\s*(['"`])(.+?)\1,/g)].map(
    ([, , title]) => title!,
  )
}
