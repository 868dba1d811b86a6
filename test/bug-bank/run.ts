/**
 * Proves that the fault tests can fail: each patch here plants one bug of the kind that stores like this one
 * have had, and the test it names must turn red on it. `pnpm test:bugs` runs them all, `pnpm test:bugs 3 7`
 * those two.
 *
 * Patches are applied to a temporary copy of the sources, never to the checkout. A named test that is red
 * without the patch proves nothing, so that is checked first.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

const root = dirname(dirname(import.meta.dirname))
const vitest = join(root, 'node_modules', '.bin', 'vitest')

interface PlantedBug {
  readonly number: number
  readonly file: string
  /** What the patch plants, in words. */
  readonly what: string
  /** The test file that must turn red, from the root. */
  readonly expects: string
}

interface TestRun {
  readonly passed: number
  readonly failed: number
  readonly output: string
}

function main(): void {
  const wanted = new Set(process.argv.slice(2).map(Number))
  const bugs = readBugs().filter(({ number }) => wanted.size === 0 || wanted.has(number))
  if (bugs.length === 0) throw new Error('no planted bug matches')
  checkBaseline([...new Set(bugs.map(({ expects }) => expects))])
  let caught = 0
  for (const bug of bugs) if (isCaught(bug)) caught++
  process.stdout.write(`${caught} passed, ${bugs.length - caught} failed\n`)
  process.exitCode = caught === bugs.length ? 0 : 1
}

function readBugs(): PlantedBug[] {
  const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.patch'))
  return names
    .map((file) => {
      const text = readFileSync(join(import.meta.dirname, file), 'utf8')
      const field = (name: string): string => {
        const value = new RegExp(`^# ${name}: (.+)$`, 'm').exec(text)?.[1]
        if (value === undefined) throw new Error(`${file} has no line '# ${name}: …'`)
        return value.trim()
      }
      return {
        number: Number.parseInt(file, 10),
        file,
        what: field('bug'),
        expects: field('expects'),
      }
    })
    .sort((a, b) => a.number - b.number)
}

function checkBaseline(tests: readonly string[]): void {
  inCopy((copy) => {
    for (const test of tests) {
      const run = runTest(copy, test)
      if (run.failed > 0 || run.passed === 0) {
        throw new Error(`${test} is red without any planted bug:\n${run.output}`)
      }
      process.stdout.write(`green without a bug: ${test} (${run.passed} tests)\n`)
    }
  })
}

function isCaught(bug: PlantedBug): boolean {
  return inCopy((copy) => {
    const patch = spawnSync('git', ['apply', '--recount', join(import.meta.dirname, bug.file)], {
      cwd: copy,
      encoding: 'utf8',
    })
    if (patch.status !== 0) {
      process.stdout.write(`BROKEN  ${bug.number} ${bug.file} does not apply: ${patch.stderr}\n`)
      return false
    }
    const run = runTest(copy, bug.expects)
    const caught = run.failed > 0
    process.stdout.write(
      `${caught ? 'caught ' : 'MISSED '} ${bug.number} ${bug.what} (${bug.expects})\n`,
    )
    if (!caught) process.stdout.write(run.output)
    return caught
  })
}

/** A test run that ends at its first red test. A run that could not even load counts as neither. */
function runTest(copy: string, test: string): TestRun {
  const report = join(copy, 'report.json')
  const ended = spawnSync(
    vitest,
    ['run', '--bail=1', '--reporter=json', `--outputFile=${report}`, test],
    { cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' }, timeout: 600_000 },
  )
  const output = `${ended.stdout}${ended.stderr}`
  const result = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
  }
  return { passed: result.numPassedTests, failed: result.numFailedTests, output }
}

function inCopy<T>(use: (copy: string) => T): T {
  const copy = mkdtempSync(join(tmpdir(), 'kv-bug-bank-'))
  try {
    const skipped = new Set(['node_modules', 'dist', '.turbo', '.git', 'data'])
    cpSync(root, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !skipped.has(relative(root, source)),
    })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    // `git apply` ignores patches for files outside its repository: the copy is one of its own.
    spawnSync('git', ['init', '--quiet'], { cwd: copy })
    writeFileSync(join(copy, 'report.json'), '{"numPassedTests":0,"numFailedTests":0}')
    return use(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

main()
