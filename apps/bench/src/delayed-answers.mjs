/**
 * Loaded into a server (`node --import`) to prove that the bench would see it: every write to a socket leaves
 * KV_BENCH_DELAY_MS later than the server made it. Turns the event loop meanwhile, because timers are no finer
 * than a millisecond.
 */
import { Socket } from 'node:net'

const delayMs = Number(process.env.KV_BENCH_DELAY_MS)
const waiting = []
const write = Socket.prototype.write

Socket.prototype.write = function delayed(...args) {
  waiting.push({ socket: this, args, at: performance.now() + delayMs })
  if (waiting.length === 1) setImmediate(turn)
  return true
}

function turn() {
  while (waiting.length > 0 && waiting[0].at <= performance.now()) {
    const { socket, args } = waiting.shift()
    if (!socket.destroyed) write.apply(socket, args)
  }
  if (waiting.length > 0) setImmediate(turn)
}
