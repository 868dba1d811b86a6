import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { renderHtml } from '../report/html.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { readRunFile } from '../results/read-run-file.ts'
import { recordDirectory, recordPage, resultsDirectory } from '../results/results-directory.ts'
import type { RunFile } from '../results/run-file.ts'
import { UsageError } from '../usage-error.ts'

export interface ReportArguments {
  readonly files: readonly string[]
  readonly html: string | undefined
  readonly record: boolean
}

/** Renders run files; with `record` into the documentation, where quick runs have no place. */
export async function report({ files, html, record }: ReportArguments): Promise<void> {
  const from = process.env['INIT_CWD'] ?? '.'
  const paths = files.length === 0 ? await allResults() : files.map((file) => resolve(from, file))
  const read = await Promise.all(
    paths.map(async (path) => ({ path, run: await readRunFile(path) })),
  )
  const runs = read.map(({ run }) => run)
  const page = html === undefined ? join(resultsDirectory, 'report.html') : resolve(from, html)
  if (record) await recordRuns(read, runs)
  await mkdir(dirname(page), { recursive: true })
  await writeFile(page, renderHtml(runs))
  process.stdout.write(`${page}\n`)
}

async function recordRuns(
  read: readonly { readonly path: string; readonly run: RunFile }[],
  runs: readonly RunFile[],
): Promise<void> {
  const quick = read.find(({ run }) => run.quick)
  if (quick !== undefined) {
    throw new UsageError(
      `${quick.path} is a --quick run, which is not for the record; nothing was written: name the files of full runs`,
    )
  }
  await rm(recordDirectory, { recursive: true, force: true })
  await mkdir(recordDirectory, { recursive: true })
  for (const { path } of read) await copyFile(path, join(recordDirectory, basename(path)))
  await writeFile(recordPage, renderMarkdown(runs))
  await writeFile(join(recordDirectory, 'report.html'), renderHtml(runs))
  process.stdout.write(`${recordPage}\n`)
}

async function allResults(): Promise<string[]> {
  const names = await readdir(resultsDirectory).catch(() => [])
  const files = names.filter((name) => name.endsWith('.json')).sort()
  if (files.length > 0) return files.map((name) => join(resultsDirectory, name))
  throw new UsageError(
    'there are no run files yet; nothing was written: measure something first, with pnpm bench put --quick',
  )
}
