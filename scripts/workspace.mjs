#!/usr/bin/env node
/**
 * The two commands of a fresh clone, `npm start` and `npm test`, and `pnpm kv`. Runs on Node 20, needs
 * only npm: installs the workspace when the lockfile has changed since the last install, builds what the
 * command needs, and hands over to the workspace's own Node 24.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')
const installStamp = join(root, 'node_modules', '.kv-installed')

/** Where the person stood: npm and pnpm run scripts in the package's folder. */
const callerDirectory = process.env.INIT_CWD ?? process.cwd()

const environment = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
}

const commands = {
  start(args) {
    install()
    build('@kv/server')
    handOver('node', [join(root, 'packages/server/dist/main.js'), ...args], callerDirectory)
  },
  kv(args) {
    install()
    handOver(
      'node',
      ['--conditions=kv-source', join(root, 'packages/cli/src/bin.ts'), ...args],
      callerDirectory,
    )
  },
  cities() {
    install()
    handOver(
      'node',
      ['--conditions=kv-source', join(root, 'apps/bench/src/print-cities.ts')],
      callerDirectory,
    )
  },
  bench(args) {
    install()
    build()
    handOver('node', [join(root, 'apps/bench/src/main.ts'), ...args], root)
  },
  test(args) {
    install()
    build()
    // The drills take minutes, tools of their own, and some of them root: `pnpm test:drills`.
    environment.KV_C2_RACES ??= '5000'
    environment.KV_C6_CYCLES ??= '100'
    const isChosen = args.some((arg) => arg.startsWith('--project'))
    handOver('vitest', ['run', ...(isChosen ? [] : ['--project', '!drills']), ...args], root)
  },
}

function install() {
  const wanted = fingerprint()
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === wanted) return
  say('installing the dependencies (once; about half a minute)')
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  runQuietly(
    'npx',
    ['--yes', packageManager, 'install', '--frozen-lockfile'],
    'the installation failed; see to the network, and run it again',
  )
  writeFileSync(installStamp, wanted)
}

/** What decides whether an install is still good: the lockfile, and the machine it was made for. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(join(root, file)))
  return hash.update(`${process.platform} ${process.arch}`).digest('hex')
}

function build(packageName) {
  const filter = packageName === undefined ? [] : [`--filter=${packageName}`]
  runQuietly(
    join(bin, 'turbo'),
    ['run', 'build', ...filter, '--output-logs=errors-only'],
    'the build failed',
  )
}

/** Runs a step whose output matters only when it fails. */
function runQuietly(command, args, failure) {
  const step = spawnSync(command, args, { cwd: root, env: environment, encoding: 'utf8' })
  if (step.status === 0) return
  process.stderr.write(`${step.stdout ?? ''}${step.stderr ?? ''}`)
  fail(
    `${failure}: ${step.error?.message ?? `${command} ended with ${step.status ?? step.signal}`}`,
  )
}

/** Becomes `command` as far as Node allows: its output, its signals, its exit code. */
function handOver(command, args, cwd) {
  const child = spawn(join(bin, command), args, { cwd, env: environment, stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A terminal sends SIGINT to the whole process group: the child has it already, and a second would hurry it.
  process.on('SIGINT', () => undefined)
  child.on('error', (error) => fail(`${command} did not start: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal !== null && signal !== 'SIGINT') say(`${command} was ended by ${signal}`)
    process.exit(code ?? 128 + constants.signals[signal])
  })
}

function say(line) {
  process.stderr.write(`kv: ${line}\n`)
}

function fail(line) {
  say(line)
  process.exit(1)
}

const [name, ...rest] = process.argv.slice(2)
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
if (command === undefined)
  fail(`unknown command ${name}; there are: ${Object.keys(commands).join(', ')}`)
// pnpm hands a `--` on, npm does not.
command(rest[0] === '--' ? rest.slice(1) : rest)
