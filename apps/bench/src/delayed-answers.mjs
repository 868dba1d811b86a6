/**
 * Loaded into a server (`node --import`) to prove that the bench would see it: every write to a socket sleeps for
 * KV_BENCH_DELAY_MS first. Sleeps, because timers are no finer than a millisecond and a loop would take the core
 * that the driver needs; so answers must be further apart than that.
 */
import { Socket } from 'node:net'

const delayMs = Number(process.env.KV_BENCH_DELAY_MS)
const never = new Int32Array(new SharedArrayBuffer(4))
const write = Reflect.get(Socket.prototype, 'write')

Socket.prototype.write = function delayed(...args) {
  Atomics.wait(never, 0, 0, delayMs)
  return Reflect.apply(write, this, args)
}
