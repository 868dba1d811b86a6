#!/usr/bin/env node
/** The server's process: arguments to configuration to node, signals, and how it all ends. */
import { readConfig } from './config.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { createLogger, type Logger } from './logging.ts'
import { Node } from './node.ts'
import { StartError } from './start-error.ts'
import { serverVersion } from './version.ts'

/** What a shell calls the end by a signal. */
const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const

process.umask(0o077)
// Threads for files: one that reads from the disk is held for 100 us and more, and Node has four. They start with the
// first use.
process.env['UV_THREADPOOL_SIZE'] ??= '16'
await main().catch(fail)

async function main(): Promise<void> {
  const outcome = await readConfig({
    argv: process.argv.slice(2),
    environment: process.env,
    version: serverVersion,
  })
  if (outcome.type === 'print') {
    process.stdout.write(`${outcome.text}\n`)
    return
  }
  const { config } = outcome
  const logger = createLogger(config.logLevel, config.logFormat)
  endOnBugs(logger)
  for (const variable of outcome.unknownVariables) {
    logger.warn(
      { variable },
      'an environment variable that is no setting; see --help for those there are',
    )
  }
  const node = await Node.start({
    config,
    logger,
    onDiskFailure() {
      logger.fatal(
        'the disk failed; what was acknowledged as synced is safe; see to it and restart',
      )
      exit(exitCodes.disk)
    },
  })
  stopOnSignals(node, logger)
}

function stopOnSignals(node: Node, logger: Logger): void {
  let isStopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) {
        logger.warn({ signal }, 'stopped at once, before all requests in flight were answered')
        exit(signalExitCodes[signal])
      }
      isStopping = true
      node.stop().then(
        () => exit(exitCodes.ok),
        (err: unknown) => {
          logger.fatal({ err }, 'the data could not be brought to the disk')
          exit(exitCodes.disk)
        },
      )
    })
  }
}

/** What nobody caught is a bug, and what the process would do after it is unknown. */
function endOnBugs(logger: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (err: unknown) => {
      logger.fatal({ err, event }, 'the server ends because of a bug; please report this line')
      exit(exitCodes.internal)
    })
  }
}

function fail(error: unknown): void {
  if (error instanceof StartError) {
    process.stderr.write(`kv: ${error.message.replaceAll('\n', ' ')}\n`)
    exit(error.exitCode)
  }
  process.stderr.write(`kv: the server could not start because of a bug: ${String(error)}\n`)
  exit(exitCodes.internal)
}

function exit(code: ExitCode | 130 | 143): never {
  process.exit(code)
}
