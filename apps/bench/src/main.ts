/** `pnpm bench`: argv in, exit code out. */
import { constants } from 'node:os'
import { main } from './command-line.ts'
import { RunFileError } from './results/read-run-file.ts'
import { NothingToCompare } from './run-workload.ts'
import { UsageError } from './usage-error.ts'

/** As sysexits.h names them. */
const exitUsage = 64
const exitFailed = 1
const exitOfSignals = 128

// Exits, so that what was started and made ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    process.stderr.write(
      `bench: ended by ${signal}; workloads that were finished are in the run file\n`,
    )
    process.exit(exitOfSignals + constants.signals[signal])
  })
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`bench: ${describe(error)}\n`)
  process.exitCode = error instanceof UsageError ? exitUsage : exitFailed
}

/** What was not expected is shown with the place it comes from. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isExpected = [UsageError, NothingToCompare, RunFileError].some(
    (kind) => error instanceof kind,
  )
  return isExpected || !(error.cause instanceof Error)
    ? error.message
    : `${error.message}\n${error.cause.stack}`
}
