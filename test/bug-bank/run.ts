/**
 * Proves that the fault tests can fail: each patch here plants one bug of the kind that stores like this one
 * have had, and the test it names must turn red on it. `pnpm test:bugs` runs them all, `pnpm test:bugs 3 7`
 * those two. As many run at once as there are cores.
 *
 * Patches are applied to a temporary copy of the sources, never to the checkout. A test that is red without the
 * patch proves nothing: the very case that failed, or the whole test where it names none, must be green without it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
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
  /** With which `KV_CASE` the failed case is run alone, if it says so. */
  readonly failedCase: string | undefined
  readonly output: string
}

/** What vitest reports, as far as it is read. */
interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults?: readonly {
    readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[]
  }[]
}

/** Runs on the sources as they are, by test and case. */
const cleanRuns = new Map<string, Promise<TestRun>>()

async function main(): Promise<void> {
  const wanted = new Set(process.argv.slice(2).map(Number))
  const bugs = readBugs().filter(({ number }) => wanted.size === 0 || wanted.has(number))
  if (bugs.length === 0) throw new Error('no planted bug matches')
  let caught = 0
  await inLanes(bugs, async (bug) => {
    if (await isCaught(bug)) caught++
  })
  process.stdout.write(`${caught} passed, ${bugs.length - caught} failed\n`)
  process.exitCode = caught === bugs.length ? 0 : 1
}

/** Does them in order, as many at once as there are cores. */
async function inLanes<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.slice()
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
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

async function isCaught(bug: PlantedBug): Promise<boolean> {
  return inCopy(async (copy) => {
    const patch = spawnSync('git', ['apply', '--recount', join(import.meta.dirname, bug.file)], {
      cwd: copy,
      encoding: 'utf8',
    })
    if (patch.status !== 0) {
      process.stdout.write(`BROKEN  ${bug.number} ${bug.file} does not apply: ${patch.stderr}\n`)
      return false
    }
    const run = await runTest(copy, bug.expects)
    if (run.failed === 0) {
      process.stdout.write(`MISSED  ${bug.number} ${bug.what} (${bug.expects})\n${run.output}`)
      return false
    }
    const place = `${bug.expects}${run.failedCase === undefined ? '' : `, ${run.failedCase}`}`
    const clean = await runClean(bug.expects, run.failedCase)
    if (clean.failed > 0 || clean.passed === 0) {
      process.stdout.write(
        `RED ALSO WITHOUT  ${bug.number} ${bug.what} (${place})\n${clean.output}`,
      )
      return false
    }
    process.stdout.write(`caught  ${bug.number} ${bug.what} (${place})\n`)
    return true
  })
}

/** The same without the bug. */
function runClean(test: string, failedCase: string | undefined): Promise<TestRun> {
  const key = `${test} ${failedCase}`
  const known = cleanRuns.get(key)
  if (known !== undefined) return known
  const run = inCopy((copy) => runTest(copy, test, failedCase))
  cleanRuns.set(key, run)
  return run
}

/** A test run that ends at its first red test. A run that could not even load counts as neither. */
async function runTest(copy: string, test: string, onlyCase?: string): Promise<TestRun> {
  const reportFile = join(copy, 'report.json')
  const environment = onlyCase === undefined ? {} : { KV_CASE: onlyCase }
  const child = spawn(
    vitest,
    ['run', '--bail=1', '--reporter=json', `--outputFile=${reportFile}`, test],
    { cwd: copy, env: { ...process.env, NO_COLOR: '1', ...environment }, timeout: 600_000 },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  await once(child, 'close')
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport
  const messages = report.testResults?.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ failureMessages }) => failureMessages),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    failedCase: /KV_CASE='([^']+)'/.exec(messages?.join('\n') ?? '')?.[1],
    output,
  }
}

async function inCopy<T>(use: (copy: string) => Promise<T>): Promise<T> {
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
    return await use(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

await main()
