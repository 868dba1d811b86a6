#!/usr/bin/env node
import { runCli } from './cli.ts'
import { CliError } from './cli-error.ts'
import { openKv } from './open-kv.ts'
import { Output } from './output.ts'

/** After a signal: time to remove a file, and to say what was imported. */
const graceMs = 2_000

const interruption = new AbortController()

function endBy(code: 'CLI_INTERRUPTED' | 'CLI_TERMINATED', exitCode: number): void {
  if (interruption.signal.aborted) return
  interruption.abort(new CliError(code, 'ended by a signal'))
  setTimeout(() => process.exit(exitCode), graceMs).unref()
}

process.on('SIGINT', () => endBy('CLI_INTERRUPTED', 130))
process.on('SIGTERM', () => endBy('CLI_TERMINATED', 143))
process.on('SIGHUP', () => endBy('CLI_TERMINATED', 143))

process.exit(
  await runCli(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: new Output(process.stdout),
    stderr: new Output(process.stderr),
    environment: process.env,
    signal: interruption.signal,
    openKv,
  }),
)
