/** A message as the payload of its frame, and the walks over damaged ones. */
import type { Answer } from '../src/answer.ts'
import { encodeAnswer } from '../src/answer-encoder.ts'
import type { KvError } from '../src/errors.ts'
import { FrameWriter } from '../src/frame-writer.ts'
import type { Request } from '../src/request.ts'
import { encodeRequest } from '../src/request-encoder.ts'

export function requestFrame(requestId: number, request: Request): Buffer {
  const writer = new FrameWriter(encodeRequest)
  writer.append(requestId, request)
  return writer.take()
}

export function answerFrame(requestId: number, answer: Answer | KvError): Buffer {
  const writer = new FrameWriter(encodeAnswer)
  writer.append(requestId, answer)
  return writer.take()
}

export function requestPayload(requestId: number, request: Request): Buffer {
  return requestFrame(requestId, request).subarray(4)
}

export function answerPayload(requestId: number, answer: Answer | KvError): Buffer {
  return answerFrame(requestId, answer).subarray(4)
}

/** Every way to cut the end off, and every single bit turned. */
export function* damaged(payload: Buffer): Generator<Buffer> {
  for (let length = 0; length < payload.length; length++) yield payload.subarray(0, length)
  for (let bit = 0; bit < payload.length * 8; bit++) {
    const copy = Buffer.from(payload)
    copy[bit >> 3]! ^= 1 << (bit & 7)
    yield copy
  }
}
