import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { decodeAnswer, FrameDecoder, requestIdOf } from '@kv/protocol'
import { expect, test } from 'vitest'
import { Output } from './output.ts'

/** Takes what is written when it is told to; until then it only refers to it, as a system that is full. */
class SlowSocket extends Writable {
  readonly taken: Buffer[] = []
  #takeNext: (() => void) | undefined

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#takeNext = () => {
      this.taken.push(Buffer.from(chunk))
      done()
    }
  }

  async takeAll(): Promise<void> {
    while (this.writableLength > 0) {
      this.#takeNext?.()
      await new Promise(setImmediate)
    }
  }
}

test('what the system has not taken yet stays what it is, while more is answered', async () => {
  const socket = new SlowSocket({ highWaterMark: 1_000_000 })
  const output = new Output(socket as unknown as Socket, 1_000_000, () => undefined)
  const turns = 50
  for (let turn = 1; turn <= turns; turn++) {
    output.append(turn, { kind: 'get', found: { value: valueOf(turn), version: turn } })
    output.flush()
    if (turn === turns / 2) await socket.takeAll()
  }
  await socket.takeAll()
  const decoder = new FrameDecoder(1_000_000)
  decoder.push(Buffer.concat(socket.taken))
  for (let turn = 1; turn <= turns; turn++) {
    const payload = decoder.next()!
    expect(requestIdOf(payload)).toBe(turn)
    expect(decodeAnswer(payload, 'get')).toMatchObject({
      found: { value: valueOf(turn), version: turn },
    })
  }
  expect(decoder.next()).toBeUndefined()
  expect(output.queuedBytes).toBe(0)
})

function valueOf(turn: number): Buffer {
  return Buffer.alloc(100 + turn, turn)
}
