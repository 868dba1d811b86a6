/**
 * Limits of the wire, with their defaults. A server tells its own in the hello answer; those that have a
 * field in `ServerLimits` can be configured there, the others are fixed by the protocol version.
 */
const kib = 1024
const mib = 1024 * kib

/** What a server accepts, as told in the hello answer, in this order. */
export interface ServerLimits {
  readonly keyBytesMax: number
  readonly valueBytesMax: number
  /** Sum of the keys and values of one batch. */
  readonly batchBytesMax: number
  /** Operations of one batch; keys of one getMany. */
  readonly batchOpsMax: number
  /** Bytes of one frame's payload, in both directions. */
  readonly frameBytesMax: number
  /** Unanswered requests of one connection. */
  readonly inFlightMax: number
}

/** What a frame holds beside the keys and values of the largest batch: envelope, options, lengths. */
const frameOverheadBytes: number = mib

export const serverLimitsDefault: ServerLimits = {
  keyBytesMax: 65_535,
  valueBytesMax: 16 * mib,
  batchBytesMax: 32 * mib,
  batchOpsMax: 10_000,
  frameBytesMax: 32 * mib + frameOverheadBytes,
  inFlightMax: 1_024,
}

/** The frame limit that follows from a batch limit. */
export function frameBytesMaxOf(batchBytesMax: number): number {
  return batchBytesMax + frameOverheadBytes
}

/** Before hello is answered: bytes of a frame, and msgpack elements of the one message there may be. */
export const helloFrameBytesMax: number = 16 * kib
export const helloElementsMax = 64
/** Versions a client may offer; keeps every hello under `helloElementsMax`. */
export const helloVersionsMax = 32

/** One page of a range ends at whichever comes first. */
export const rangePageKeysMax = 1_000
export const rangePageBytesMax: number = mib

/** Entries of one list in an answer: eight times the default `batchOpsMax`, far over any honest one. */
export const answerEntriesMax = 80_000

/** Longest texts, in bytes of UTF-8. */
export const clientNameBytesMax = 256
export const tokenBytesMax = 4_096
export const traceContextBytesMax = 512
export const errorCodeBytesMax = 64
export const errorMessageBytesMax = 4_096
export const nameBytesMax = 256

/** Maps, which only error details, stats and merge reports hold: levels (the map is the first) and elements. */
export const plainDepthMax = 4
export const detailsElementsMax = 256
export const reportElementsMax = 16_384
