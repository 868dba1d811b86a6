/**
 * Frame: what carries one message, in both directions.
 *
 * | offset | size   | field                                                        |
 * |--------|--------|--------------------------------------------------------------|
 * | 0      | 4      | length of the payload, big-endian; 1 to `frameBytesMax`      |
 * | 4      | length | payload: one msgpack array, `[requestId, kind or status, …]` |
 *
 * A length of zero or over the limit cannot be skipped over safely: the connection ends.
 */
export const frameHeaderBytes = 4
