/**
 * The tour of README.md works as printed: its `console` blocks are run in one shell, against a node that was
 * started with `npm start`, and must print what stands there, numbers and times apart.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = dirname(dirname(import.meta.dirname))
const endMark = '--- end of command ---'

interface Step {
  readonly command: string
  readonly printed: readonly string[]
}

let directory: string
let shell: ChildProcess
let lines: AsyncIterator<string, undefined>
let node: ChildProcess
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kv-tour-'))
  const port = await freePort()
  environment = {
    ...process.env,
    KV_PORT: `${port}`,
    KV_DATA_DIR: join(directory, 'data'),
    KV_ADDRESS: `kv://127.0.0.1:${port}`,
    NO_COLOR: '1',
  }
  node = await startNode()
  shell = spawn('bash', [], { cwd: root, env: environment, stdio: ['pipe', 'pipe', 'inherit'] })
  shell.stdin?.write('shopt -s expand_aliases\n')
  lines = createInterface({ input: shell.stdout! })[Symbol.asyncIterator]()
})

afterAll(async () => {
  shell.stdin?.end()
  node.kill('SIGTERM')
  if (node.exitCode === null && node.signalCode === null) await once(node, 'exit')
  await rm(directory, { recursive: true, force: true })
})

test('the tour of the README works as printed', async () => {
  const steps = tourSteps(await readFile(join(root, 'README.md'), 'utf8'))
  expect(steps.length).toBeGreaterThanOrEqual(9)
  for (const { command, printed } of steps) {
    const isKill = command.startsWith('kill -9')
    const dead = isKill ? once(node, 'exit') : undefined
    const output = await run(command.replaceAll('cities.jsonl', join(directory, 'cities.jsonl')))
    expect(output.map(withoutNumbers), command).toEqual(printed.map(withoutNumbers))
    if (dead !== undefined) {
      await dead
      node = await startNode()
    }
  }
})

/** The commands of the console blocks, each with the lines printed under it. */
function tourSteps(readme: string): Step[] {
  const blocks = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
  const steps: { command: string; printed: string[] }[] = []
  for (const line of blocks.join('').split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), printed: [] })
    else if (line !== '') steps.at(-1)?.printed.push(line)
  }
  return steps
}

async function run(command: string): Promise<string[]> {
  // A value that goes to a pipe ends without a line break; the mark must stand on a line of its own.
  shell.stdin?.write(`{ ${command}\n} </dev/null 2>&1\nprintf '\\n%s\\n' '${endMark}'\n`)
  const output: string[] = []
  for (;;) {
    const { value: line, done } = await lines.next()
    if (done === true) throw new Error(`the shell ended during: ${command}`)
    if (line === endMark) return output
    if (line !== '') output.push(line)
  }
}

async function startNode(): Promise<ChildProcess> {
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"listening"')) break
  }
  child.stdout.resume()
  return child
}

function withoutNumbers(line: string): string {
  return line.replaceAll(/[0-9…][0-9.,]*( ms| s\b| min)?/g, '#')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
