/**
 * Reads a command line with yargs. It finds the command, knows the flags and writes the help; positionals are
 * ours, because yargs takes the key `help` for a request and a key that begins with a dash for a flag.
 */
import type { Argv } from 'yargs'
import yargs from 'yargs'
import { Arguments } from './arguments.ts'
import { CliError, usageError } from './cli-error.ts'
import type { Command, Flag } from './command.ts'

/** What a command line asks for. */
export type CommandLine =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly command: Command; readonly args: Arguments }

const globalFlags: Readonly<Record<string, Flag & { readonly alias?: string }>> = {
  address: {
    type: 'string',
    alias: 'a',
    describe: 'the node [default: $KV_ADDRESS, else kv://127.0.0.1:7411]',
  },
  'timeout-ms': {
    type: 'string',
    describe: 'wait so long to connect, and for each answer [default: 5000 and 10000]',
  },
  json: { type: 'boolean', describe: 'results, and errors, as JSON' },
  debug: { type: 'boolean', describe: 'print the stack of an error too' },
  help: { type: 'boolean', alias: 'h', describe: 'print this' },
  version: { type: 'boolean', describe: 'print the version' },
}

/** Throws CLI_USAGE. */
export async function readCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  columns: number,
): Promise<CommandLine> {
  let result: CommandLine | undefined
  const parser = parserOf(columns)
  for (const command of commands) {
    parser.command({
      command: command.name,
      describe: command.summary,
      builder: (inner) => describeCommand(inner, command),
      handler: async (parsed) => {
        result = await resultOf(parsed, parser, command, commands)
      },
    })
  }
  parser.command({
    command: '$0',
    describe: false,
    handler: async (parsed) => {
      result = await resultOf(parsed, parser, undefined, commands)
    },
  })
  try {
    checkBooleans(argv, commands)
    await parser.parseAsync(argv)
  } catch (error) {
    throw error instanceof CliError ? error : parseFailure(error)
  }
  if (result === undefined) throw usageError(`there is no command; ${listOf(commands)}`)
  return result
}

function parserOf(columns: number): Argv {
  return yargs()
    .scriptName('kv')
    .usage('kv <command>: reads and writes a kv store')
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .strictOptions()
    .wrap(Math.min(100, columns))
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'short-option-groups': false,
    })
    .options(optionsOf(globalFlags))
    .epilogue(
      'kv <command> --help tells more. A key or value that begins with a dash stands behind --.',
    )
}

function describeCommand(parser: Argv, command: Command): Argv {
  const { summary, details, flags, examples } = command
  const text = details === undefined ? summary : `${summary}.\n${details}`
  parser
    .usage(`kv ${usageOf(command)}\n\n${text}`)
    .options(optionsOf(flags))
    .epilogue('')
  for (const [line, meaning] of examples) parser.example(line, meaning)
  return parser
}

function optionsOf(flags: Readonly<Record<string, Flag & { readonly alias?: string }>>) {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { ...flag, requiresArg: flag.type === 'string' },
    ]),
  )
}

/** `put <key> [value]`. */
function usageOf({ name, positionals }: Command): string {
  const words = positionals.map((each) => (each.required ? `<${each.name}>` : `[${each.name}]`))
  return [name, ...words].join(' ')
}

interface Parsed {
  readonly _: readonly (string | number)[]
  readonly [name: string]: unknown
}

async function resultOf(
  parsed: Parsed,
  parser: Argv,
  command: Command | undefined,
  commands: readonly Command[],
): Promise<CommandLine> {
  if (parsed['help'] === true) return { kind: 'help', text: await parser.getHelp() }
  if (parsed['version'] === true) return { kind: 'version' }
  const given = [...parsed._, ...((parsed['--'] as string[] | undefined) ?? [])].map(String)
  if (command === undefined) {
    const what = given.length === 0 ? 'there is no command' : `unknown command '${given[0]}'`
    throw usageError(`${what}; ${listOf(commands)}`)
  }
  const args = new Arguments(parsed, positionalsOf(given.slice(1), command))
  return { kind: 'run', command, args }
}

function listOf(commands: readonly Command[]): string {
  return `there are: ${commands.map(({ name }) => name).join(', ')}`
}

function positionalsOf(given: readonly string[], command: Command): Map<string, string> {
  const { positionals } = command
  const missing = positionals.find(({ required }, index) => required && given[index] === undefined)
  if (missing !== undefined) {
    throw usageError(`<${missing.name}> is missing: kv ${usageOf(command)}`)
  }
  if (given.length > positionals.length) {
    throw usageError(`'${given[positionals.length]}' is one too many: kv ${usageOf(command)}`)
  }
  return new Map(given.map((value, index) => [positionals[index]!.name, value]))
}

/** yargs takes any text but `true` for false. */
function checkBooleans(argv: readonly string[], commands: readonly Command[]): void {
  const flags = Object.assign({}, globalFlags, ...commands.map(({ flags }) => flags))
  for (const word of argv) {
    if (word === '--') return
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? []
    if (name === undefined || flags[name]?.type !== 'boolean') continue
    if (value !== 'true' && value !== 'false') throw usageError(`--${name} takes no value`)
  }
}

/** yargs throws an `Error` or a `YError` whose text is made for people. */
function parseFailure(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message)?.[1]
  if (unknown !== undefined)
    return usageError(`unknown flag '${unknown}' (what begins with a dash stands behind --)`)
  const missing = /^Not enough arguments following: (.*)$/s.exec(message)?.[1]
  return usageError(missing === undefined ? message : `--${missing} wants a value`)
}
