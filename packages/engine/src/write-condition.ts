import { KvError } from './errors.ts'
import { checkSwitch } from './option-values.ts'
import { shown } from './shown-value.ts'

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
  checkSwitch(ifAbsent, 'ifAbsent')
  if (ifVersion === undefined) return ifAbsent === true ? absentVersion : undefined
  if (ifAbsent === true) {
    throw new TypeError(
      'ifVersion and ifAbsent cannot both hold; nothing was done; leave one of them out',
    )
  }
  if (!Number.isSafeInteger(ifVersion) || ifVersion < absentVersion) {
    throw new RangeError(
      `ifVersion must be a whole number from 0 on, not ${shown(ifVersion)}; nothing was done`,
    )
  }
  return ifVersion
}

/**
 * The failure of a condition; `current` is the key's version, or {@link absentVersion}. `place` is that of the
 * operation in its batch.
 */
export function versionMismatch(
  required: number,
  current: number,
  place: number | undefined,
): KvError {
  const mismatch =
    required === absentVersion
      ? `the key was expected to be absent, but has version ${current}`
      : `version ${required} was expected, but ${current === absentVersion ? 'there is no such key' : `the key has version ${current}`}`
  return new KvError(
    'KV_VERSION_MISMATCH',
    `${place === undefined ? '' : `operation ${place}: `}${mismatch}; nothing was written; read it again and decide anew`,
    { details: current === absentVersion ? {} : { version: current } },
  )
}
