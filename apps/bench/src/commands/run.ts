import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describeMachine } from '../machine.ts'
import { openProgress } from '../progress.ts'
import { resultsDirectory } from '../results/results-directory.ts'
import { type Machine, type RunFile, runFileSchema, type WorkloadRun } from '../results/run-file.ts'
import { formatWorkload } from '../results/table.ts'
import { revision } from '../revision.ts'
import { NothingToCompare, runWorkload } from '../run-workload.ts'
import type { Subject } from '../subjects/subject.ts'
import { peers } from '../subjects/subjects.ts'
import { UsageError } from '../usage-error.ts'
import type { Workload } from '../workloads/workload.ts'
import { workloads } from '../workloads/workloads.ts'

export interface RunArguments {
  readonly workloads: readonly string[]
  readonly peers: string
  readonly rounds: string | undefined
  readonly quick: boolean
  readonly profile: boolean
  readonly out: string | undefined
  readonly directory: string | undefined
}

const roundsMax = 1_000

/**
 * Measures, prints a table after each workload, and writes the run file as far as it has come. A workload that
 * cannot run, or has nothing to compare with, is named and left out; the command then ends with an error.
 */
export async function run(given: RunArguments, args: readonly string[]): Promise<void> {
  const chosen = workloadsNamed(given.workloads)
  const isWanted = peersNamed(given.peers)
  const roundsGiven = roundsOf(given.rounds)
  const root = await directoryOf(given.directory)
  const startedAt = new Date()
  const file = await fileOf(given.out, startedAt)
  const machine = await describeMachine(root)
  const scale = given.quick ? 'quick' : 'full'
  const isAlone = given.peers === 'none'
  const progress = openProgress(process.stderr)
  const measured: WorkloadRun[] = []
  const leftOut: string[] = []

  for (const workload of chosen) {
    const obstacle = obstacleOf(workload, machine)
    if (obstacle !== undefined) {
      say(`${workload.name} is SKIPPED: ${obstacle}`)
      continue
    }
    const rounds = roundsGiven ?? workload.rounds
    try {
      const isProfiled = given.profile
      const options = { scale, rounds, isWanted, isAlone, isProfiled, root, progress } as const
      measured.push(await runWorkload(workload, options))
    } catch (error) {
      if (!(error instanceof NothingToCompare) || chosen.length === 1) throw error
      say(error.message)
      leftOut.push(workload.name)
      continue
    }
    const runFile: RunFile = {
      schema: runFileSchema,
      command: ['pnpm bench', ...args].join(' '),
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      quick: given.quick,
      revision: await revision(),
      machine,
      workloads: measured,
    }
    process.stdout.write(formatWorkload(measured.at(-1)!, runFile))
    await writeFile(file, `${JSON.stringify(runFile)}\n`)
  }
  if (measured.length === 0) {
    throw new NothingToCompare('no workload could be measured; nothing was written')
  }
  const reportOf = given.out === undefined ? '' : ` ${given.out}`
  say(`written to ${file}; pnpm bench report${reportOf} makes a page of it`)
  if (leftOut.length > 0) {
    throw new NothingToCompare(`nothing to compare with, so not measured: ${leftOut.join(', ')}`)
  }
}

/** Why a workload cannot run on this machine or in this directory. */
function obstacleOf(workload: Workload, { fileSystem }: Machine): string | undefined {
  if (workload.needsDisk === true && memoryFileSystems.has(fileSystem)) {
    return `its stores would be on ${fileSystem}, which is memory: name a directory on a disk with --directory`
  }
  return workload.obstacle?.()
}

const memoryFileSystems = new Set(['tmpfs', 'ramfs'])

function workloadsNamed(names: readonly string[]): readonly Workload[] {
  if (names.includes('all')) return workloads
  return names.map((name) => {
    const workload = workloads.find((each) => each.name === name)
    if (workload !== undefined) return workload
    const all = workloads.map((each) => each.name).join(', ')
    throw new UsageError(`there is no workload '${name}'; there are: all, ${all}. Nothing was run`)
  })
}

function peersNamed(list: string): (subject: Subject) => boolean {
  if (list === 'all') return () => true
  if (list === 'none') return () => false
  const names = list.split(',')
  for (const name of names) {
    if (peers.some((peer) => peer.name === name)) continue
    const all = peers.map((peer) => peer.name).join(', ')
    throw new UsageError(
      `there is no peer '${name}'; there are: all, none, ${all}. Nothing was run`,
    )
  }
  return ({ name }) => names.includes(name)
}

function roundsOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const rounds = /^\d+$/.test(given) ? Number(given) : 0
  if (rounds >= 1 && rounds <= roundsMax) return rounds
  throw new UsageError(
    `--rounds takes a whole number from 1 to ${roundsMax}, not '${given}'. Nothing was run`,
  )
}

async function directoryOf(given: string | undefined): Promise<string> {
  const directory = resolve(process.env['INIT_CWD'] ?? '.', given ?? tmpdir())
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory() === true) return directory
  throw new UsageError(`--directory: ${directory} is no directory. Nothing was run`)
}

/** Where the run file goes; its folder exists afterwards. Throws before anything is measured. */
async function fileOf(given: string | undefined, at: Date): Promise<string> {
  const name = at.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')
  const file =
    given === undefined
      ? join(resultsDirectory, `${name}.json`)
      : resolve(process.env['INIT_CWD'] ?? '.', given)
  try {
    if (given === undefined) await mkdir(resultsDirectory, { recursive: true })
    const handle = await open(file, 'a')
    const { size } = await handle.stat()
    await handle.close()
    // It comes into being with the first workload that is finished.
    if (size === 0) await rm(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`--out: ${file} cannot be written (${reason}). Nothing was run`)
  }
  return file
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`)
}
