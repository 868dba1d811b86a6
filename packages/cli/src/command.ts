import type { Arguments } from './arguments.ts'
import type { StandardInput } from './input.ts'
import type { Kv } from './kv.ts'
import type { Output } from './output.ts'

/** One command of `kv`: what it takes, for the parser and for `--help`, and what it does. */
export interface Command {
  readonly name: string
  readonly positionals: readonly Positional[]
  /** One line, a sentence without a full stop. */
  readonly summary: string
  /** Printed by `kv <command> --help` below the summary. */
  readonly details?: string
  readonly flags: Readonly<Record<string, Flag>>
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  /** Returns the exit code. */
  run(args: Arguments, context: Context): Promise<number>
}

interface Positional {
  readonly name: string
  readonly required: boolean
}

export interface Flag {
  readonly type: 'boolean' | 'string'
  readonly describe: string
}

/** What surrounds a command. */
export interface Context {
  readonly stdin: StandardInput
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  /** Results as JSON. */
  readonly json: boolean
  /** Connects to the node that the command line names. Whoever calls it closes it. */
  readonly connect: () => Promise<Kv>
}
