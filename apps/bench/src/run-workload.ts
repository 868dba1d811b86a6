import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { profileVariable } from './driver/profiler.ts'
import { type Random, randomFrom } from './driver/random.ts'
import type { CaseProfile, Sample, Skipped, WorkloadRun } from './results/run-file.ts'
import type { SubjectRecord } from './results/subject-record.ts'
import { makeStoresDirectory } from './stores-directory.ts'
import type { Availability, Subject } from './subjects/subject.ts'
import { subjectNamed } from './subjects/subjects.ts'
import type { Measured, RoundContext, Scale, Workload } from './workloads/workload.ts'

export interface RunOptions {
  readonly scale: Scale
  readonly rounds: number
  /** Subjects to leave out are not in here. */
  readonly isWanted: (subject: Subject) => boolean
  /** Nothing to compare with was asked for. */
  readonly isAlone: boolean
  /** Whether a turn of our side with the profiler follows the rounds. */
  readonly isProfiled: boolean
  /** Where directories are made, and removed again. */
  readonly root: string
  readonly progress: Progress
}

/** Tells a person how far a run is. */
export interface Progress {
  /** A turn is one round of one subject. */
  begin(workload: string, turns: number): void
  turn(text: string): void
  /** What the turn is doing now. */
  step(text: string): void
  turnEnded(): void
  end(): void
}

/** Our side is missing, or every peer that was asked for: nothing would be compared. */
export class NothingToCompare extends Error {}

/**
 * Runs the rounds of a workload: in each round every subject once, in an order drawn anew, so that no subject
 * always follows the same one.
 */
export async function runWorkload(workload: Workload, options: RunOptions): Promise<WorkloadRun> {
  const { scale, rounds, progress } = options
  const { present, skipped } = await findSubjects(workload, options)
  const stores = await makeStoresDirectory(options.root, workload.name)
  const root = stores.path
  const samples: Sample[] = []
  const skippedCases = new Map<string, Skipped>()
  /** Subjects whose kept directory is filled. */
  const loaded = new Set<string>()
  const profiles: CaseProfile[] = []
  progress.begin(workload.name, rounds * present.length + (options.isProfiled ? 1 : 0))
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const subject of shuffled(present, randomFrom(round))) {
        await settle()
        const context = contextOf(subject, round, workload, root, options, skippedCases, loaded)
        progress.turn(`${workload.name}, round ${round} of ${rounds}: ${subject.name}`)
        await mkdir(context.keptDirectory, { recursive: true })
        for (const sample of await measureOrExplain(workload, context)) {
          samples.push({ ...sample, round, subject: sample.subject ?? subject.name })
        }
        if (!loaded.has(subject.name)) {
          await rm(context.keptDirectory, { recursive: true, force: true })
        }
        await rm(join(root, 'fresh'), { recursive: true, force: true })
        progress.turnEnded()
      }
      if (workload.measureMachine !== undefined) {
        for (const sample of await workload.measureMachine(root, scale)) {
          samples.push({ ...sample, round, subject: 'machine' })
        }
      }
    }
    if (options.isProfiled) {
      const subject = withProfiler(present[0]!)
      const round = rounds + 1
      const context = contextOf(subject, round, workload, root, options, skippedCases, loaded)
      progress.turn(`${workload.name}, profile: ${subject.name}`)
      for (const { case: name, profile } of await measureOrExplain(workload, context)) {
        if (profile !== undefined) profiles.push({ case: name, lines: profile })
      }
      progress.turnEnded()
    }
  } finally {
    progress.end()
    await stores.remove()
  }
  const records = await Promise.all(present.map((each) => recordOf(each, workload)))
  const run: WorkloadRun = {
    name: workload.name,
    title: workload.title,
    about: workload.about,
    rounds,
    parameters: workload.parameters(scale),
    subjects: samples.some(({ subject }) => subject === 'machine')
      ? [...records, machineRecord]
      : records,
    skipped: [...skipped, ...skippedCases.values()],
    cases: workload.cases(scale),
    samples,
    ...(profiles.length === 0 ? {} : { profiles }),
  }
  checkCompared(workload, present, run)
  const findings = workload.findings?.(run)
  return findings === undefined ? run : { ...run, findings }
}

function withProfiler(subject: Subject): Subject {
  return { ...subject, environment: { ...subject.environment, [profileVariable]: '1' } }
}

/** What one subject has written must not cost the next one. */
async function settle(): Promise<void> {
  await promisify(execFile)('sync')
}

function shuffled<Each>(all: readonly Each[], random: Random): Each[] {
  const drawn = all.map((each) => ({ each, at: random() }))
  return drawn.sort((a, b) => a.at - b.at).map(({ each }) => each)
}

async function findSubjects(
  workload: Workload,
  { isWanted, isAlone }: RunOptions,
): Promise<{ present: Subject[]; skipped: Skipped[] }> {
  const present: Subject[] = []
  const skipped: Skipped[] = []
  const all = workload.subjects.map(subjectNamed)
  const wanted = all.filter((each) => each.product === 'kv' || isWanted(each))
  if (wanted.length === 1 && all.length > 1 && !isAlone) {
    const names = all.slice(1).map(({ name }) => name)
    throw new NothingToCompare(
      `${workload.name} has nothing to compare with: its peers are ${names.join(', ')}. Nothing was measured; --peers none measures kv alone`,
    )
  }
  for (const subject of wanted) {
    const availability = await subject.find()
    const { name } = subject
    if (!availability.found) {
      skipped.push({ subject: name, reason: availability.reason, install: availability.install })
    } else if (subject.setup(workload.durability) === undefined) {
      skipped.push({ subject: name, reason: `has no durability '${workload.durability}'` })
    } else present.push(subject)
  }
  const peersWanted = wanted.length > 1
  if (peersWanted && present.length < 2) {
    const reasons = skipped.map(
      ({ subject, reason, install }) =>
        `${subject}: ${reason}${install === undefined ? '' : ` (${install})`}`,
    )
    throw new NothingToCompare(
      `${workload.name} has nothing to compare with: ${reasons.join('; ')}. Nothing was measured; --peers none measures kv alone`,
    )
  }
  return { present, skipped }
}

function contextOf(
  subject: Subject,
  round: number,
  { durability }: Workload,
  root: string,
  { scale, progress }: RunOptions,
  skippedCases: Map<string, Skipped>,
  loaded: Set<string>,
): RoundContext {
  let directories = 0
  return {
    subject,
    durability,
    scale,
    round,
    isFirstRound: round === 1,
    keptDirectory: join(root, subject.name),
    async freshDirectory() {
      const directory = join(root, 'fresh', `${++directories}`)
      await mkdir(directory, { recursive: true })
      return directory
    },
    async loadOnce(load) {
      if (loaded.has(subject.name)) return
      progress.step(`round ${round}, ${subject.name}: load`)
      await load()
      loaded.add(subject.name)
    },
    progress: (text) => progress.step(`round ${round}, ${subject.name}: ${text}`),
    skip(caseName, reason) {
      const key = `${subject.name} ${caseName}`
      const isNamed = reason.startsWith(`${caseName}: `)
      const named = isNamed ? reason : `${caseName}: ${reason}`
      skippedCases.set(key, { subject: subject.name, reason: named })
    },
  }
}

/** A peer that fails is skipped, and the report says so; our own failure ends the run, and names its place. */
async function measureOrExplain(
  workload: Workload,
  context: RoundContext,
): Promise<readonly Measured[]> {
  try {
    return await workload.measure(context)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (context.subject.product !== 'kv') {
      context.skip(`round ${context.round}`, message)
      return []
    }
    const where = `${workload.name}, round ${context.round}, ${context.subject.name}`
    throw new Error(`${where}: ${message}`, { cause: error })
  }
}

/** Peers that are there and answered nothing leave nothing to compare with. */
function checkCompared(workload: Workload, present: readonly Subject[], run: WorkloadRun): void {
  const peers = present.filter(({ product }) => product !== 'kv').map(({ name }) => name)
  if (peers.length === 0 || run.samples.some(({ subject }) => peers.includes(subject))) return
  const reasons = run.skipped.map(({ subject, reason }) => `${subject}: ${reason}`)
  throw new NothingToCompare(`${workload.name}: every peer failed: ${reasons.join('; ')}`)
}

async function recordOf(subject: Subject, { durability }: Workload): Promise<SubjectRecord> {
  const availability: Availability = await subject.find()
  const setup = subject.setup(durability)
  return {
    name: subject.name,
    title: subject.title,
    side: subject.product === 'kv' ? 'kv' : 'peer',
    product: subject.product,
    versions: availability.found ? availability.versions : {},
    acknowledges: setup?.acknowledges ?? '',
    options: setup?.options ?? [],
  }
}

const machineRecord: SubjectRecord = {
  name: 'machine',
  title: 'this machine, bare',
  side: 'machine',
  product: 'machine',
  versions: {},
  acknowledges: '',
  options: [],
}
