import { usageError } from './cli-error.ts'

/** A command line after parsing: typed, checked access to flags and positionals. All methods throw CLI_USAGE. */
export class Arguments {
  readonly #flags: Readonly<Record<string, unknown>>
  readonly #positionals: ReadonlyMap<string, string>

  constructor(
    flags: Readonly<Record<string, unknown>>,
    positionals: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#flags = flags
    this.#positionals = positionals
  }

  /** One that the command requires; the parser has made sure of it. */
  required(name: string): string {
    const value = this.#positionals.get(name)
    if (value === undefined) throw usageError(`<${name}> is missing`)
    return value
  }

  optional(name: string): string | undefined {
    return this.#positionals.get(name)
  }

  isSet(flag: string): boolean {
    const value = this.#flags[flag]
    return Array.isArray(value) ? value.includes(true) : value === true
  }

  text(flag: string): string | undefined {
    const value = this.#flags[flag]
    if (Array.isArray(value)) throw usageError(`--${flag} is given more than once`)
    return typeof value === 'string' ? value : undefined
  }

  wholeNumber(
    flag: string,
    min: number,
    max: number = Number.MAX_SAFE_INTEGER,
  ): number | undefined {
    const text = this.text(flag)
    if (text === undefined) return undefined
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    const upTo = max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`
    throw usageError(`--${flag} must be a whole number from ${min} ${upTo}, not '${text}'`)
  }

  choice<Choice extends string>(
    flag: string,
    choices: readonly Choice[],
    fallback: Choice,
  ): Choice {
    const text = this.text(flag)
    if (text === undefined) return fallback
    const choice = choices.find((each) => each === text)
    if (choice !== undefined) return choice
    throw usageError(`--${flag} must be one of ${choices.join(', ')}, not '${text}'`)
  }
}
