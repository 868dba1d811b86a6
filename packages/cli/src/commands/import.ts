import type { Command, Context } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import type { ImportReport } from '../import-report.ts'
import type { LineSpan } from '../import-stopped.ts'
import { ImportStopped } from '../import-stopped.ts'
import { importRecords } from '../importer.ts'
import type { Input } from '../input.ts'
import { openFileInput, openStandardInput } from '../input.ts'
import type { Kv } from '../kv.ts'
import { openProgress } from '../progress.ts'
import { describeTransfer, formatTransferJson } from '../transfer-summary.ts'
import { formatCountOf } from '../units.ts'

export const importCommand: Command = {
  name: 'import',
  positionals: [{ name: 'file', required: false }],
  summary: 'Puts the records of a JSON Lines file, or of standard input',
  details:
    'One object a line: {"key":"user:1","value":"Ada"}, or key64 and value64 in base64. A value that is no\nstring is stored as its JSON text. Stops at the first bad line; importing again is harmless.',
  flags: {},
  examples: [
    ['kv import users.jsonl', ''],
    ['zcat users.jsonl.gz | kv import', 'from a pipe'],
  ],
  async run(args, context) {
    const file = args.optional('file')
    const input = await openInput(file, context)
    await using kv = await context.connect()
    const startedAt = performance.now()
    const report = await importInput(kv, input, context)
    const transfer = { ...report, ms: performance.now() - startedAt }
    const { stdout, json } = context
    await stdout.writeLine(
      json ? formatTransferJson(transfer) : describeTransfer('imported', transfer),
    )
    return doneExitCode
  },
}

async function openInput(file: string | undefined, { stdin, signal }: Context): Promise<Input> {
  if (file !== undefined && file !== '-') return openFileInput(file, signal)
  const hint = 'there is nothing to import: name a file, or pipe JSON Lines to standard input'
  return openStandardInput(stdin, signal, hint)
}

async function importInput(kv: Kv, input: Input, context: Context): Promise<ImportReport> {
  const { limits } = kv.server
  const progress = openProgress(context.stderr, 'importing', input.bytes)
  try {
    return await importRecords(kv, input.chunks, {
      limits,
      batchRecordsMax: Math.min(500, limits.batchOpsMax),
      batchBytesMax: Math.min(256 * 1024, limits.batchBytesMax),
      signal: context.signal,
      onProgress: ({ records, inputBytes }) => progress.update({ records, bytes: inputBytes }),
    })
  } catch (error) {
    throw error instanceof ImportStopped ? explained(error, input.name) : error
  } finally {
    progress.stop()
  }
}

/** `users.jsonl:12: no value; …`, and what was imported all the same. */
function explained({ report, lines, message, cause }: ImportStopped, name: string): ImportStopped {
  const { records, linesDone } = report
  const imported = `${formatCountOf(records, 'record')} ${records === 1 ? 'is' : 'are'} imported for certain`
  const upTo = linesDone === 0 ? '' : `, all lines up to ${linesDone} among them`
  return new ImportStopped(
    report,
    lines,
    cause,
    `${placeOf(name, lines)}: ${message}; the import stopped, ${imported}${upTo}; importing it all again is harmless`,
  )
}

function placeOf(name: string, lines: LineSpan | undefined): string {
  if (lines === undefined) return name
  const { first, last } = lines
  return first === last ? `${name}:${first}` : `${name}:${first}-${last}`
}
