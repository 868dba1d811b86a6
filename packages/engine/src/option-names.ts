import { shown } from './shown-value.ts'

/**
 * Throws `TypeError` for what is no object, and for a name that there is not: a misspelt option would be a condition or
 * a bound dropped without a word. Undefined values are as if they were left out.
 */
export function refuseUnknownNames(
  given: object,
  names: readonly string[],
  what: 'option' | 'store option' | 'field of an operation',
  undone = 'nothing was done',
): void {
  // Callers without types give anything.
  if (typeof given !== 'object' || given === null) {
    const options = what === 'store option' ? 'store options' : 'options'
    throw new TypeError(`${options} must be an object, not ${shown(given)}; ${undone}`)
  }
  for (const name in given) {
    if (names.includes(name) || given[name as keyof typeof given] === undefined) continue
    throw new TypeError(`unknown ${what} '${name}'; there are: ${names.join(', ')}; ${undone}`)
  }
}
