import type { Socket } from 'node:net'
import type { Answer, KvError } from '@kv/protocol'
import { encodeAnswer, FrameWriter } from '@kv/protocol'

/** What still comes is read and dropped for so long: to close at once would take the words back. */
const lingerMs = 1_000

/** Tells a client that was not let in why, and closes. */
export function sayFarewell(socket: Socket, error: KvError): void {
  const writer = new FrameWriter<Answer | KvError>(encodeAnswer)
  writer.append(0, error)
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => clearTimeout(timer))
  socket.end(writer.take())
  socket.resume()
}
