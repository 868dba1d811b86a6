import { KvError } from '@kv/client'
import { unreachable } from '@kv/protocol/assert'
import type { Arguments } from './arguments.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './command.ts'
import type { CommandLine } from './command-line.ts'
import { readCommandLine } from './command-line.ts'
import { commands } from './commands.ts'
import { formatErrorJson, formatErrorLine, reportError } from './error-report.ts'
import { doneExitCode } from './exit-codes.ts'
import { ImportStopped } from './import-stopped.ts'
import type { StandardInput } from './input.ts'
import type { OpenKv } from './open-kv.ts'
import type { Output } from './output.ts'
import { ReaderGone } from './output.ts'
import { packageVersion } from './version.ts'

/** The process around a command line. */
export interface Surroundings {
  readonly stdin: StandardInput
  readonly stdout: Output
  readonly stderr: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Its reason is what the command line ends with. */
  readonly signal: AbortSignal
  readonly openKv: OpenKv
}

const addressDefault = 'kv://127.0.0.1:7411'
const columnsDefault = 100

/** Runs one command line, prints what there is to print, and returns the exit code. */
export async function runCli(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const { columns } = around.stdout
    return await follow(await readCommandLine(argv, commands, columns ?? columnsDefault), around)
  } catch (error) {
    if (error instanceof ReaderGone) return doneExitCode
    return await printError(error, argv, around)
  }
}

async function follow(line: CommandLine, around: Surroundings): Promise<number> {
  switch (line.kind) {
    case 'help':
      await around.stdout.writeLine(line.text)
      return doneExitCode
    case 'version':
      await around.stdout.writeLine(packageVersion())
      return doneExitCode
    case 'run':
      return await line.command.run(line.args, contextOf(line.args, around))
    default:
      return unreachable(line)
  }
}

function contextOf(args: Arguments, around: Surroundings): Context {
  const { stdin, stdout, stderr, signal, openKv, environment } = around
  const address = args.text('address') ?? (environment['KV_ADDRESS'] || addressDefault)
  const timeoutMs = args.wholeNumber('timeout-ms', 1, 2 ** 31 - 1)
  const json = args.isSet('json')
  const connect = () => openKv({ address, timeoutMs })
  return { stdin, stdout, stderr, signal, json, connect }
}

/** The flags are read from the words, as the command line may be what is wrong. */
async function printError(
  error: unknown,
  argv: readonly string[],
  { stderr, signal }: Surroundings,
): Promise<number> {
  const report = reportError(signal.aborted ? interrupted(error, signal.reason) : error)
  const format = argv.includes('--json') ? formatErrorJson : formatErrorLine
  try {
    await stderr.writeLine(format(report))
    if (argv.includes('--debug')) await stderr.writeLine(stackOf(error))
  } catch {
    // Nobody listens, and there is nothing else to say.
  }
  return report.exitCode
}

/** Everything that fails after a signal fails because of it; what was under way tells more. */
function interrupted(error: unknown, reason: unknown): unknown {
  if (!(reason instanceof CliError)) return error
  const tellsMore = error instanceof KvError || error instanceof ImportStopped
  const message = tellsMore ? `${reason.message}: ${error.message}` : reason.message
  return new CliError(reason.code, message, error)
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\ncaused by ${stackOf(error.cause)}`
}
