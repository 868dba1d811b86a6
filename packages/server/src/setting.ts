/** The kinds of settings: how the text of a flag, a variable or a file becomes a value. */

/** One setting of the schema (config.ts). */
export interface Setting<Value> {
  readonly default: Value
  readonly description: string
  /** What its text looks like, for `--help` and messages. */
  readonly form: string
  /** A switch needs no text on the command line: naming it turns it on. */
  readonly isSwitch: boolean
  /** Undefined for a text that is not of this form. */
  parse(text: string): Value | undefined
}

export const kibi = 1024
export const mebi: number = kibi * kibi
export const gibi: number = kibi * mebi

const byteUnits: Readonly<Record<string, number>> = { '': 1, KiB: kibi, MiB: mebi, GiB: gibi }

/** A whole number. */
export function count(
  defaultValue: number,
  min: number,
  max: number,
  description: string,
): Setting<number> {
  return number(defaultValue, description, `${min} to ${max}`, (text) =>
    within(/^[0-9]+$/.test(text) ? Number(text) : Number.NaN, min, max),
  )
}

/** A time in ms, as a whole number. */
export function milliseconds(
  defaultValue: number,
  min: number,
  max: number,
  description: string,
): Setting<number> {
  return { ...count(defaultValue, min, max, description), form: `${min} to ${max} ms` }
}

/** A size in bytes: a whole number, with KiB, MiB or GiB behind it where that is shorter. */
export function bytes(
  defaultValue: number,
  min: number,
  max: number,
  description: string,
): Setting<number> {
  const form = `${bytesText(min)} to ${bytesText(max)}, in bytes or with KiB, MiB, GiB`
  return number(defaultValue, description, form, (text) => {
    const [, digits, unit = ''] = /^([0-9]+)(KiB|MiB|GiB)?$/.exec(text) ?? []
    return within(digits === undefined ? Number.NaN : Number(digits) * byteUnits[unit]!, min, max)
  })
}

/** A share, above 0 and up to 1. */
export function share(defaultValue: number, min: number, description: string): Setting<number> {
  return number(defaultValue, description, `${min} to 1`, (text) =>
    within(/^[0-9]*\.?[0-9]+$/.test(text) ? Number(text) : Number.NaN, min, 1),
  )
}

/** One of several words. */
export function choice<Word extends string>(
  defaultValue: Word,
  words: readonly Word[],
  description: string,
): Setting<Word> {
  return {
    default: defaultValue,
    description,
    form: words.join(' or '),
    isSwitch: false,
    parse: (text) => words.find((word) => word === text),
  }
}

/** Any text but none. */
export function text(defaultValue: string, form: string, description: string): Setting<string> {
  return {
    default: defaultValue,
    description,
    form,
    isSwitch: false,
    parse: (text) => (text === '' || text.includes('\0') ? undefined : text),
  }
}

/** `true` or `false`. */
export function toggle(
  defaultValue: boolean,
  description: string,
  isSwitch: boolean,
): Setting<boolean> {
  return { ...choiceOfTruth(defaultValue, description), isSwitch }
}

/** The shortest form that `bytes` reads. */
export function bytesText(value: number): string {
  for (const [unit, size] of [
    ['GiB', gibi],
    ['MiB', mebi],
    ['KiB', kibi],
  ] as const) {
    if (value >= size && value % size === 0) return `${value / size}${unit}`
  }
  return String(value)
}

function choiceOfTruth(defaultValue: boolean, description: string): Setting<boolean> {
  return {
    default: defaultValue,
    description,
    form: 'true or false',
    isSwitch: false,
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  }
}

function number(
  defaultValue: number,
  description: string,
  form: string,
  parse: (text: string) => number | undefined,
): Setting<number> {
  return { default: defaultValue, description, form, isSwitch: false, parse }
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined
}
