import type { Command } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { ifVersionFlag, ifVersionOf, keyEncodingFlag, keyOf } from '../key-flags.ts'

export const del: Command = {
  name: 'del',
  positionals: [{ name: 'key', required: true }],
  summary: 'Deletes a key',
  details: 'That there is no such key is no failure: it is gone either way.',
  flags: { 'if-version': ifVersionFlag, 'key-encoding': keyEncodingFlag },
  examples: [
    ['kv del user:1', ''],
    ['kv del user:1 --if-version 7', 'unless somebody has written it since'],
  ],
  async run(args, { connect, signal, stdout, json }) {
    const key = keyOf(args)
    const ifVersion = ifVersionOf(args)
    await using kv = await connect()
    const { existed, version, durability } = await kv.delete(key, { signal, ifVersion })
    if (json) await stdout.writeLine(JSON.stringify({ existed, version, durability }))
    else if (existed) await stdout.writeLine(`deleted, version ${version} (${durability})`)
    else await stdout.writeLine('there was no such key')
    return doneExitCode
  },
}
