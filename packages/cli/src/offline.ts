/** Work on files of a store, or of a backup, in this process: no node is asked. */
import { KvError } from '@kv/client'
import type * as Engine from '@kv/engine/inspect'
import type { Arguments } from './arguments.ts'
import { CliError, usageError } from './cli-error.ts'
import type { Context } from './command.ts'
import { openByteProgress } from './progress.ts'
import { systemErrorCode } from './system-error.ts'

/** Loads the engine, which no other command waits for, and does the work. The engine's errors come as those of the table. */
export async function offline<T>(work: (engine: typeof Engine) => Promise<T>): Promise<T> {
  const engine = await import('@kv/engine/inspect')
  try {
    return await work(engine)
  } catch (error) {
    if (error instanceof engine.KvError) {
      throw new KvError(error.code, error.message, { cause: error, details: error.details })
    }
    if (systemErrorCode(error) === undefined || !(error instanceof Error)) throw error
    throw new CliError('CLI_IO', error.message, error)
  }
}

interface Step {
  readonly bytesDone: number
  readonly bytesTotal: number
}

/** Does work that says how far it is, with a bar for who looks on. Returns what it returns and how long it took, in ms. */
export async function withProgress<T>(
  { stderr }: Context,
  verb: string,
  work: (onProgress: (step: Step) => void) => Promise<T>,
): Promise<{ readonly report: T; readonly ms: number }> {
  const startedAt = performance.now()
  const progress = openByteProgress(stderr, verb)
  try {
    const report = await work(({ bytesDone, bytesTotal }) => progress.update(bytesDone, bytesTotal))
    return { report, ms: performance.now() - startedAt }
  } finally {
    progress.stop()
  }
}

/** A flag that a command cannot do without. */
export function requiredFlag(args: Arguments, flag: string, what: string): string {
  const text = args.text(flag)
  if (text === undefined || text === '') throw usageError(`--${flag} is missing: ${what}`)
  return text
}
