/** What error details, stats and merge reports are made of: JSON and bytes. */
export type Plain = null | boolean | number | string | Uint8Array | readonly Plain[] | PlainMap

/** Decoded ones have no prototype, so that no key of a stranger's meets a property of ours. */
export interface PlainMap {
  readonly [key: string]: Plain
}
