import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { formatCount, formatMs } from '../units.ts'

export const ping: Command = {
  name: 'ping',
  positionals: [],
  summary: 'Measures one round trip to the server',
  details: 'The index is the version of the newest record.',
  flags: {},
  examples: [['kv ping', 'prints: round trip 0.31 ms, index 1,204']],
  async run(_args, { connect, signal, stdout, json }) {
    await using kv = await connect()
    const startedAt = performance.now()
    const { index } = await kv.ping({ signal })
    const roundTripMs = performance.now() - startedAt
    await stdout.writeLine(
      json
        ? JSON.stringify({ roundTripMs, index })
        : `round trip ${formatMs(roundTripMs)}, index ${formatCount(index)}`,
    )
    return doneExitCode
  },
}
