/** Flags that several commands have. */
import type { Arguments } from './arguments.ts'
import type { Flag } from './command.ts'
import type { Encoding } from './encoding.ts'
import { decodeArgument, encodings } from './encoding.ts'

export const keyEncodingFlag: Flag = {
  type: 'string',
  describe: `how keys are written: ${encodings.join(', ')} [default: text]`,
}

export const valueEncodingFlag: Flag = {
  type: 'string',
  describe: `how values are written: ${encodings.join(', ')} [default: text]`,
}

export const forceFlag: Flag = { type: 'boolean', describe: 'replace a file that exists' }

export const ifVersionFlag: Flag = {
  type: 'string',
  describe: 'only if this is the version of the key; 0: if there is none',
}

export function ifVersionOf(args: Arguments): number | undefined {
  return args.wholeNumber('if-version', 0)
}

export function keyEncodingOf(args: Arguments): Encoding {
  return args.choice('key-encoding', encodings, 'text')
}

export function valueEncodingOf(args: Arguments): Encoding {
  return args.choice('value-encoding', encodings, 'text')
}

/** The positional `key`. */
export function keyOf(args: Arguments): Buffer {
  return decodeArgument(args.required('key'), keyEncodingOf(args), 'the key')
}

/** A flag that is a key. */
export function keyFlagOf(args: Arguments, flag: string): Buffer | undefined {
  const text = args.text(flag)
  return text === undefined ? undefined : decodeArgument(text, keyEncodingOf(args), `--${flag}`)
}
