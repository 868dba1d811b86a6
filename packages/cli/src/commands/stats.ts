import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { formatPlain } from '../plain-json.ts'
import { formatStats } from '../stats-view.ts'

export const stats: Command = {
  name: 'stats',
  positionals: [],
  summary: 'Prints what the server counts and measures',
  details: 'With --json as the server names it, sizes in bytes and times in milliseconds.',
  flags: {},
  examples: [
    ['kv stats', ''],
    ['kv stats --json | jq .', ''],
  ],
  async run(_args, { connect, signal, stdout, json }) {
    await using kv = await connect()
    const map = await kv.stats({ signal })
    await stdout.writeLine(json ? formatPlain(map) : formatStats(map))
    return doneExitCode
  },
}
