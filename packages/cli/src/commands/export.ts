import type { Command, Context } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import { exportEntries } from '../exporter.ts'
import { forceFlag, keyEncodingFlag, keyFlagOf } from '../key-flags.ts'
import type { Entry } from '../kv.ts'
import { OutputFile } from '../output-file.ts'
import { openProgress, silentProgress } from '../progress.ts'
import type { Transfer } from '../transfer-summary.ts'
import { describeTransfer, formatTransferJson } from '../transfer-summary.ts'

export const exportCommand: Command = {
  name: 'export',
  positionals: [{ name: 'file', required: false }],
  summary: 'Writes keys and values as JSON Lines to a file, or to standard output',
  details:
    'In the order of the keys, in the form that import reads. The file is there as a whole or not at all.\nWhat others write meanwhile may be in it or not.',
  flags: {
    prefix: { type: 'string', describe: 'keys that begin with this' },
    force: forceFlag,
    'key-encoding': keyEncodingFlag,
  },
  examples: [
    ['kv export all.jsonl', ''],
    ['kv export --prefix user: | gzip > users.jsonl.gz', 'to a pipe'],
  ],
  async run(args, context) {
    const prefix = keyFlagOf(args, 'prefix')
    const path = args.optional('file')
    await using file = await openFile(path, args.isSet('force'))
    await using kv = await context.connect()
    const entries = kv.range({ prefix, signal: context.signal })
    const transfer = await runExport(entries, file, context)
    await file?.commit()
    await summarise(transfer, file !== undefined, context)
    return doneExitCode
  },
}

async function openFile(
  path: string | undefined,
  replace: boolean,
): Promise<OutputFile | undefined> {
  return path === undefined || path === '-' ? undefined : await OutputFile.create(path, replace)
}

async function runExport(
  entries: AsyncIterable<Entry>,
  file: OutputFile | undefined,
  { stdout, stderr }: Context,
): Promise<Transfer> {
  const startedAt = performance.now()
  // Entries that scroll by are progress enough.
  const shown = file !== undefined || !stdout.isTerminal
  const progress = shown ? openProgress(stderr, 'exporting', undefined) : silentProgress
  try {
    const report = await exportEntries(entries, file ?? stdout, (done) => progress.update(done))
    return { ...report, ms: performance.now() - startedAt }
  } finally {
    progress.stop()
  }
}

/** Standard output belongs to the entries, unless they go to a file. */
async function summarise(
  transfer: Transfer,
  toFile: boolean,
  { stdout, stderr, json }: Context,
): Promise<void> {
  const text = json ? formatTransferJson(transfer) : describeTransfer('exported', transfer)
  await (toFile ? stdout : stderr).writeLine(text)
}
