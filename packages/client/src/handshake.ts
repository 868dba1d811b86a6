/** From an address to a socket on which hello is through. */
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { HelloAnswer } from '@kv/protocol'
import {
  decodeAnswer,
  decodeConnectionError,
  encodeRequest,
  FrameDecoder,
  FrameWriter,
  helloFrameBytesMax,
  KvError,
  protocolVersions,
  requestIdOf,
} from '@kv/protocol'
import { badAnswer, closed, notGreeted, unreachable } from './errors.ts'
import type { Settings } from './options.ts'

export const helloRequestId = 1

/** Between probes of an idle connection, so that a host that is gone is noticed. */
const keepAliveMs = 30_000

export interface Handshake {
  /** Paused. */
  readonly socket: Socket
  /** Holds what came behind the answer to hello. */
  readonly decoder: FrameDecoder
  readonly hello: HelloAnswer
}

/** Rejects with a KvError, and nothing of the socket is left then. `signal` is for the owner's close. */
export function shakeHands(settings: Settings, signal: AbortSignal): Promise<Handshake> {
  const { address, connectTimeoutMs } = settings
  return new Promise((resolve, reject) => {
    const decoder = new FrameDecoder(helloFrameBytesMax, 'KV_BAD_ANSWER')
    const socket = connect({
      ...address,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    })
    const timer = setTimeout(() => fail(late()), connectTimeoutMs)
    const abort = () => fail(closed())
    const listeners = {
      connect: () => void socket.write(helloFrame(settings)),
      data: (chunk: Buffer) => receive(chunk),
      error: (error: Error) => fail(unreachable(address, error)),
      close: () => fail(notGreeted(address, 'closed the connection before hello')),
    }
    signal.addEventListener('abort', abort)
    // An error event that nobody listens for would end the process; this one stays.
    socket.on('error', () => {})
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)

    function receive(chunk: Buffer): void {
      try {
        decoder.push(chunk)
        const payload = decoder.next()
        if (payload !== undefined) welcome(checkedHello(payload))
      } catch (error) {
        fail(error)
      }
    }
    function welcome(hello: HelloAnswer): void {
      leave()
      socket.pause()
      resolve({ socket, decoder, hello })
    }
    function fail(error: unknown): void {
      leave()
      socket.destroy()
      reject(error)
    }
    function leave(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
    }
    function late(): KvError {
      const ms = `within ${connectTimeoutMs} ms`
      return socket.connecting
        ? unreachable(address, `no answer ${ms}`)
        : notGreeted(address, `took the connection and did not answer hello ${ms}`)
    }
  })
}

function helloFrame({ clientName }: Settings): Buffer {
  const writer = new FrameWriter(encodeRequest, helloFrameBytesMax)
  writer.append(helloRequestId, { kind: 'hello', versions: protocolVersions, clientName })
  return writer.take()
}

/** Throws the server's error, or KV_BAD_ANSWER. */
function checkedHello(payload: Buffer): HelloAnswer {
  const id = requestIdOf(payload)
  if (id === 0) throw decodeConnectionError(payload)
  if (id !== helloRequestId) throw badAnswer('the first answer is not the one to hello')
  const answer = decodeAnswer(payload, 'hello')
  if (answer instanceof KvError) throw answer
  if (!protocolVersions.includes(answer.version)) {
    throw badAnswer(`the server chose protocol version ${answer.version}, which was not offered`)
  }
  const { inFlightMax, frameBytesMax } = answer.limits
  if (inFlightMax === 0 || frameBytesMax < helloFrameBytesMax) {
    throw badAnswer('the limits of the server leave no room for a request')
  }
  return answer
}
