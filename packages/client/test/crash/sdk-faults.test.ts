/**
 * C24: random schedules of a server that answers out of order, late, twice, with errors, in pieces, with
 * nonsense or not at all, and of callers who give up. Each caller gets the answer to his own request or a
 * typed error, and a write reaches the server once at most.
 */

import type { Arbitrary } from 'fast-check'
import { array, assert, asyncProperty, constantFrom, nat, option, record } from 'fast-check'
import { expect, test } from 'vitest'
import type { Client } from '../../src/client.ts'
import { connect } from '../../src/connect.ts'
import { KvError } from '../../src/index.ts'
import type { Fault } from '../faulty-server.ts'
import { FaultyServer, faults } from '../faulty-server.ts'

const runs = 400
const callsMin = 4_000
const faultsMin = 1_000

interface Step {
  readonly kind: 'get' | 'put'
  readonly fault: Fault | undefined
  readonly at: number
  /** When the caller gives up: never, at once, or in the next turn. */
  readonly cancel: 'never' | 'at once' | 'next turn'
  /** Turns of the event loop before the next call; the server answers in them. */
  readonly turns: number
}

const step: Arbitrary<Step> = record({
  kind: constantFrom('get', 'put'),
  fault: option(constantFrom(...faults), { nil: undefined, freq: 2 }),
  at: nat(30),
  cancel: constantFrom('never', 'never', 'never', 'at once', 'next turn'),
  turns: nat(2),
})

test('whatever a server does, a call ends with its own answer or a typed error', async () => {
  const total = { calls: 0, faults: 0, errors: 0 }
  await assert(
    asyncProperty(array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const server = new FaultyServer(steps)
      const client = await connect({
        url: await server.listen(),
        requestTimeoutMs: 20,
        connectTimeoutMs: 1_000,
        inFlightMax: 8,
        reconnect: { delayMsMin: 1, delayMsMax: 2 },
      })
      const flushing = setInterval(() => server.flush(), 1)
      total.errors += await play(client, server, steps)
      expect(client.counters).toMatchObject({ waiting: 0, pendingBytes: 0 })
      await client.close()
      clearInterval(flushing)
      await server.close()
      for (const times of server.puts.values()) expect(times).toBe(1)
      total.calls += steps.length
      total.faults += server.injected
    }),
    { numRuns: runs },
  )
  console.log(`class=C24 calls=${total.calls} faults=${total.faults} errors=${total.errors}`)
  expect(total.calls).toBeGreaterThan(callsMin)
  expect(total.faults).toBeGreaterThan(faultsMin)
  expect(total.errors).toBeLessThan(total.calls)
})

/** Makes the calls; how many ended with an error. */
async function play(client: Client, server: FaultyServer, steps: readonly Step[]): Promise<number> {
  const ends: Promise<boolean>[] = []
  for (const [index, { kind, cancel, turns }] of steps.entries()) {
    const abort = new AbortController()
    ends.push(succeeds(client, kind, index, abort.signal))
    if (cancel === 'at once') abort.abort()
    if (cancel === 'next turn') setImmediate(() => abort.abort())
    for (let turn = 0; turn < turns; turn++) {
      await new Promise(setImmediate)
      server.flush()
    }
  }
  return (await Promise.all(ends)).filter((succeeded) => !succeeded).length
}

/** Whether the call got its answer; throws for another's, and for an error that is not typed. */
async function succeeds(
  client: Client,
  kind: 'get' | 'put',
  index: number,
  signal: AbortSignal,
): Promise<boolean> {
  const key = `k${index}`
  try {
    if (kind === 'put') expect((await client.put(key, '', { signal })).version).toBe(index)
    else expect((await client.get(key, { signal }))?.value.toString()).toBe(`value of ${key}`)
    return true
  } catch (error) {
    if (error instanceof KvError) return false
    throw error
  }
}
