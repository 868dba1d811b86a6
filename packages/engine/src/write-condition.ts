import { inspect } from 'node:util'
import { KvError } from './errors.ts'

/** `onlyIfVersion` of an operation that wants its key to be absent: no record has this index. */
export const absentVersion = 0

/** What callers ask. */
export interface WriteConditions {
  readonly ifVersion?: number | undefined
  readonly ifAbsent?: boolean | undefined
}

/** A condition that does not hold. */
export interface VersionMismatch {
  readonly error: KvError
  /** Index of the write under way that it rests on, if on any. */
  readonly decidedBy: number | undefined
}

/** The one version that a key may have, {@link absentVersion} for none, or undefined for any. Throws `TypeError` or `RangeError`. */
export function requiredVersion({ ifVersion, ifAbsent }: WriteConditions): number | undefined {
  if (ifAbsent !== undefined && typeof ifAbsent !== 'boolean') {
    throw new TypeError(`ifAbsent must be true or false, not ${inspect(ifAbsent)}`)
  }
  if (ifVersion === undefined) return ifAbsent === true ? absentVersion : undefined
  if (ifAbsent === true) throw new TypeError('ifVersion and ifAbsent cannot both hold')
  if (!Number.isSafeInteger(ifVersion) || ifVersion < absentVersion) {
    throw new RangeError(`ifVersion must be a whole number from 0 on, not ${inspect(ifVersion)}`)
  }
  return ifVersion
}

/** The failure of a condition; `current` is the key's version, or {@link absentVersion}. */
export function versionMismatch(required: number, current: number): KvError {
  const found = current === absentVersion ? 'there is no such key' : `its version is ${current}`
  const wanted = required === absentVersion ? 'no such key' : `version ${required}`
  return new KvError(
    'KV_VERSION_MISMATCH',
    `${wanted} was expected, but ${found}; nothing was written; read it again and decide anew`,
    { details: current === absentVersion ? {} : { version: current } },
  )
}
