import yargs from 'yargs'
import { compareFiles } from './commands/compare.ts'
import { list } from './commands/list.ts'
import { report } from './commands/report.ts'
import { run } from './commands/run.ts'
import { UsageError } from './usage-error.ts'

/** Reads the command line and runs what it asks for. Throws UsageError before anything is done. */
export async function main(args: readonly string[]): Promise<void> {
  await parserOf(args).parseAsync()
}

function parserOf(args: readonly string[]) {
  return yargs(args)
    .scriptName('pnpm bench')
    .locale('en')
    .command(
      '$0 [workloads..]',
      'Measures workloads; without one, lists workloads and peers',
      (command) =>
        command
          .positional('workloads', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: "Names of workloads, or 'all'",
          })
          .options({
            peers: {
              type: 'string',
              requiresArg: true,
              default: 'all',
              describe: "Peers to compare with, with commas between; 'none': kv alone",
            },
            rounds: {
              type: 'string',
              requiresArg: true,
              describe: "Rounds [default: the workload's, 5 where peers are compared]",
            },
            quick: {
              type: 'boolean',
              default: false,
              describe: 'Less data and shorter rounds: for a look, not for a record',
            },
            profile: {
              type: 'boolean',
              default: false,
              describe: 'Also where the time of our driver goes, in a turn of its own',
            },
            out: {
              type: 'string',
              requiresArg: true,
              describe: 'The run file [default: bench-results/<time>.json]',
            },
            directory: {
              type: 'string',
              requiresArg: true,
              describe:
                'Where the stores live while they are measured [default: the temporary one]',
            },
          }),
      async (values) => {
        if (values.workloads.length === 0) await list(process.stdout)
        else await run(values, args)
      },
    )
    .command(
      'report [files..]',
      'Renders run files as one HTML page',
      (command) =>
        command
          .positional('files', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'Run files [default: all of bench-results]; of a workload the newest counts',
          })
          .options({
            html: {
              type: 'string',
              requiresArg: true,
              describe: 'The page to write [default: bench-results/report.html]',
            },
            record: {
              type: 'boolean',
              default: false,
              describe: 'Also writes docs/benchmarks.md, and keeps page and run files beside it',
            },
          }),
      (values) => report(values),
    )
    .command(
      'compare <before> <after>',
      'Says what moved from one run file to another, beyond the noise of both',
      (command) =>
        command
          .positional('before', { type: 'string', demandOption: true })
          .positional('after', { type: 'string', demandOption: true }),
      ({ before, after }) => compareFiles(before, after),
    )
    .example('$0 put --quick', 'A look, in minutes')
    .example('$0 put get --peers redis-node-redis,etcd --rounds 7', 'Some workloads and peers')
    .example('$0 all', 'Everything, for a record')
    .strict()
    .version(false)
    .exitProcess(false)
    .fail((message, error: Error | undefined) => {
      // Its own complaints come as text, or as a YError; what a command throws comes as it is.
      const isUsage = error === undefined || error.name === 'YError'
      if (!isUsage) throw error
      const lacking = /^Not enough arguments following: (.*)$/s.exec(message)?.[1]
      const what = lacking === undefined ? message : `--${lacking} wants a value`
      throw new UsageError(`${what}; nothing was run; pnpm bench --help tells more`)
    })
    .wrap(100)
}
