import type { Bounds } from '@kv/protocol'
import { rangePageKeysMax } from '@kv/protocol'
import type { Bytes } from './bytes.ts'
import { ownBytes } from './bytes.ts'
import { type CallOptions, refuseUnknown } from './call-options.ts'

/**
 * Which keys, in which order. Bounds hold all together; `gte` excludes `gt`, and `lte` excludes `lt`.
 * `signal` ends the range, `timeoutMs` is for each page.
 */
export interface RangeOptions extends CallOptions {
  readonly gte?: Bytes | undefined
  readonly gt?: Bytes | undefined
  readonly lte?: Bytes | undefined
  readonly lt?: Bytes | undefined
  readonly prefix?: Bytes | undefined
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined
  /** Entries of all pages together, from 0 on; without it all there are. */
  readonly limit?: number | undefined
  /** Leaves the values out. */
  readonly keysOnly?: boolean | undefined
  /** Entries asked for at a time, 1 to 1,000, which is the default. A page ends at 1 MiB all the same. */
  readonly pageKeys?: number | undefined
}

/** Range options after checking. */
export interface RangeQuery {
  readonly bounds: Bounds
  readonly reverse: boolean
  /** Infinity without a limit. */
  readonly limit: number
  readonly keysOnly: boolean
  readonly pageKeys: number
  readonly call: CallOptions
}

const optionNames = [
  'gte',
  'gt',
  'lte',
  'lt',
  'prefix',
  'reverse',
  'limit',
  'keysOnly',
  'pageKeys',
  'signal',
  'timeoutMs',
]

export function rangeQueryOf(options: RangeOptions): RangeQuery {
  const {
    reverse = false,
    limit = Infinity,
    keysOnly = false,
    pageKeys = rangePageKeysMax,
  } = options
  refuseUnknown(options, optionNames)
  checkExclusive(options, 'gte', 'gt')
  checkExclusive(options, 'lte', 'lt')
  if (typeof reverse !== 'boolean') throw new TypeError('reverse must be true or false')
  if (typeof keysOnly !== 'boolean') throw new TypeError('keysOnly must be true or false')
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw new RangeError('limit must be a whole number from 0 on')
  }
  if (!Number.isInteger(pageKeys) || pageKeys < 1 || pageKeys > rangePageKeysMax) {
    throw new RangeError(`pageKeys must be a whole number from 1 to ${rangePageKeysMax}`)
  }
  const { signal, timeoutMs } = options
  return {
    bounds: boundsOf(options),
    reverse,
    limit,
    keysOnly,
    pageKeys,
    call: { signal, timeoutMs },
  }
}

function checkExclusive(options: RangeOptions, one: keyof Bounds, other: keyof Bounds): void {
  if (options[one] !== undefined && options[other] !== undefined) {
    throw new TypeError(`${one} and ${other} exclude each other: pass one of them`)
  }
}

function boundsOf({ gte, gt, lte, lt, prefix }: RangeOptions): Bounds {
  return {
    gte: boundOf(gte, 'gte'),
    gt: boundOf(gt, 'gt'),
    lte: boundOf(lte, 'lte'),
    lt: boundOf(lt, 'lt'),
    prefix: boundOf(prefix, 'prefix'),
  }
}

function boundOf(bound: Bytes | undefined, name: string): Uint8Array | undefined {
  return bound === undefined ? undefined : ownBytes(bound, name)
}
