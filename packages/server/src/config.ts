/**
 * Reads the server's settings (settings.ts). A setting `dataDir` is the flag `--data-dir`, the variable
 * `KV_DATA_DIR` and the key `dataDir` of the configuration file, and the first of them that is given counts.
 * What is unknown or out of bounds is refused: a misspelt limit must not go unnoticed. Only variables that are
 * no setting are handed back for a warning: other programs, and orchestrators, set their own under any prefix.
 */
import { readFileSync } from 'node:fs'
import yargs from 'yargs'
import { exitCodes } from './exit-codes.ts'
import { bytesText } from './setting.ts'
import { type Config, settings } from './settings.ts'
import { StartError } from './start-error.ts'

const settingNames = Object.keys(settings) as (keyof Config)[]
const variablePrefix = 'KV_'
/** What the `kv` command reads. */
const clientVariable = 'KV_ADDRESS'
const fileFlag = 'config'

/** Where settings come from. */
export interface ConfigSources {
  /** Arguments behind the program's name. A leading `--` is skipped: pnpm hands it on. */
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
}

/** What to do: run with a configuration, or print a text that was asked for. */
export type ConfigOutcome =
  | { readonly type: 'run'; readonly config: Config; readonly unknownVariables: readonly string[] }
  | { readonly type: 'print'; readonly text: string }

/** Throws StartError (exit code 64) for the first thing that is wrong. */
export async function readConfig(sources: ConfigSources): Promise<ConfigOutcome> {
  const argv = sources.argv[0] === '--' ? sources.argv.slice(1) : sources.argv
  const flags = await readFlags(argv)
  if (flags.has('help')) return { type: 'print', text: await helpText() }
  if (flags.has('version')) return { type: 'print', text: sources.version }
  const { given: variables, unknown: unknownVariables } = readVariables(sources.environment)
  const path = flags.get(fileFlag) ?? variables.get(fileFlag)
  const file = path === undefined ? new Map<string, GivenText>() : readFile(path.text)
  return { type: 'run', config: resolve([flags, variables, file]), unknownVariables }
}

/** A setting's text and how a person calls the place it stands in. */
interface GivenText {
  readonly text: string
  readonly origin: string
}

type Given = ReadonlyMap<string, GivenText>

function resolve(givens: readonly Given[]): Config {
  const values: Record<string, unknown> = {}
  for (const name of settingNames) {
    const given = givens.find((source) => source.has(name))?.get(name)
    values[name] =
      given === undefined ? settings[name].default : valueOf(name, given.text, given.origin)
  }
  const config = values as unknown as Config
  refuseContradictions(config)
  return Object.freeze(config)
}

function valueOf(name: keyof Config, text: string, origin: string): Config[keyof Config] {
  const setting = settings[name]
  const value = setting.parse(text)
  if (value !== undefined) return value
  throw usage(
    `${origin} must be ${setting.form}, not ${JSON.stringify(text)}; nothing was started; correct it`,
  )
}

function refuseContradictions(config: Config): void {
  const largest = config.keyBytesMax + config.valueBytesMax
  if (largest > config.batchBytesMax) {
    throw usage(
      `keyBytesMax and valueBytesMax (${largest} bytes together) are over batchBytesMax (${config.batchBytesMax}); nothing was started; raise ${flagName('batchBytesMax')}`,
    )
  }
}

async function readFlags(argv: readonly string[]): Promise<Given> {
  const given = new Map<string, GivenText>()
  const parsed = await parser()
    .fail((message, error) => {
      throw usage(
        lackingValue(message) ?? `${message ?? error?.message}; nothing was started; see --help`,
      )
    })
    .parse(argv)
  const known = new Map(settingNames.map((name) => [kebab(name), name as string]))
  for (const name of [fileFlag, 'help', 'version']) known.set(name, name)
  for (const [flag, value] of Object.entries(parsed)) {
    if (flag === '_' || flag === '$0' || value === undefined) continue
    const name = known.get(flag)
    if (name === undefined)
      throw usage(`--${flag} is not a flag; nothing was started; see --help for those there are`)
    if (typeof value !== 'string' && typeof value !== 'boolean') {
      throw usage(`--${flag} is given more than once; nothing was started; give it once`)
    }
    given.set(name, { text: String(value), origin: `--${flag}` })
  }
  const [stray] = parsed._
  if (stray !== undefined) {
    throw usage(`'${stray}' is no flag; nothing was started; see --help for those there are`)
  }
  return given
}

/** What yargs says of a flag without its value, in our words. */
function lackingValue(message: string | null | undefined): string | undefined {
  const [, flag] = /^Not enough arguments following: (.*)$/s.exec(message ?? '') ?? []
  if (flag === undefined) return undefined
  const name = settingNames.find((each) => kebab(each) === flag)
  const form = name === undefined ? 'a file' : settings[name].form
  return `--${flag} wants ${form}; nothing was started; name it behind the flag`
}

function readVariables(environment: ConfigSources['environment']): {
  given: Given
  unknown: readonly string[]
} {
  const given = new Map<string, GivenText>()
  const unknown: string[] = []
  const known = new Map(settingNames.map((name) => [variableName(name), name as string]))
  known.set(variableName(fileFlag), fileFlag)
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(variablePrefix) || text === undefined) continue
    const name = known.get(variable)
    if (name !== undefined) given.set(name, { text, origin: variable })
    else if (variable !== clientVariable) unknown.push(variable)
  }
  return { given, unknown }
}

function readFile(path: string): Given {
  const given = new Map<string, GivenText>()
  for (const [name, value] of Object.entries(parseFile(path))) {
    if (!Object.hasOwn(settings, name)) {
      throw usage(
        `${path}: '${name}' is not a setting; nothing was started; remove it, or see --help for those there are`,
      )
    }
    given.set(name, { text: fileText(value), origin: `'${name}' in ${path}` })
  }
  return given
}

function parseFile(path: string): object {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw usage(`${path} cannot be read (${reason}); nothing was started; correct --config`)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch {
    parsed = undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw usage(`${path} is not a JSON object; nothing was started; correct it`)
  }
  return parsed
}

function fileText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** All flags are texts to yargs; what they mean is for the settings to say. */
function parser(): ReturnType<typeof yargs> {
  const parser = yargs()
    .scriptName('kv-server')
    // What it says is looked at, and people get one language.
    .locale('en')
    .usage('$0 [flags]\n\nThe kv server: a persistent, ordered key/value store on one port.')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'short-option-groups': false,
    })
    .exitProcess(false)
    .help(false)
    .version(false)
    .wrap(100)
    .option(fileFlag, {
      type: 'string',
      requiresArg: true,
      describe: 'A JSON file with settings, named as here in camelCase.',
    })
    .option('help', { type: 'boolean', describe: 'Show this text.' })
    .option('version', { type: 'boolean', describe: 'Show the version.' })
    .epilogue(
      `A setting is also read from the environment (--data-dir is ${variableName('dataDir')}) and from the configuration file (dataDir). A flag counts before the environment, that before the file.`,
    )
  for (const name of settingNames) {
    const setting = settings[name]
    parser.option(kebab(name), {
      type: setting.isSwitch ? 'boolean' : 'string',
      requiresArg: !setting.isSwitch,
      describe: `${setting.description} ${describeForm(name)}`,
    })
  }
  return parser
}

function helpText(): Promise<string> {
  return parser().getHelp()
}

function describeForm(name: keyof Config): string {
  const setting = settings[name]
  if (setting.isSwitch) return ''
  const isSize = name.includes('Bytes')
  return `[${setting.form}; default ${isSize ? bytesText(Number(setting.default)) : setting.default}]`
}

function usage(message: string): StartError {
  return new StartError(exitCodes.usage, message)
}

function flagName(name: keyof Config): string {
  return `--${kebab(name)}`
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function variableName(name: string): string {
  return variablePrefix + kebab(name).replaceAll('-', '_').toUpperCase()
}
