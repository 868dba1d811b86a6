import { Readable } from 'node:stream'
import { runCli } from '../src/cli.ts'
import type { Target } from '../src/open-kv.ts'
import { FakeKv } from './fake-kv.ts'
import { MemoryOutput } from './memory-output.ts'

export interface Setting {
  readonly kv?: FakeKv
  /** Standard input: bytes of a pipe; undefined is a terminal. */
  readonly stdin?: string | Uint8Array | undefined
  readonly stdout?: MemoryOutput
  readonly stderr?: MemoryOutput
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** What was connected to. */
  readonly targets: readonly Target[]
}

/** Runs one command line in this process, against a fake. */
export async function inProcess(argv: readonly string[], setting: Setting = {}): Promise<Outcome> {
  const { kv = new FakeKv(), stdout = new MemoryOutput(), stderr = new MemoryOutput() } = setting
  const targets: Target[] = []
  const exitCode = await runCli(argv, {
    stdin: standardInput(setting.stdin),
    stdout,
    stderr,
    environment: setting.environment ?? {},
    signal: setting.signal ?? new AbortController().signal,
    openKv: async (target) => {
      targets.push(target)
      return kv
    },
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text, targets }
}

function standardInput(content: string | Uint8Array | undefined): Readable & { isTTY: boolean } {
  const chunks = content === undefined ? [] : [Buffer.from(content as string)]
  return Object.assign(Readable.from(chunks, { objectMode: false }), {
    isTTY: content === undefined,
  })
}
