import type { Case, ProfileLine, Sample, WorkloadRun } from '../results/run-file.ts'
import type { Durability } from '../sessions/session.ts'
import type { Subject } from '../subjects/subject.ts'

/** `quick`: less data and shorter rounds, for a look; `full`: what is recorded. */
export type Scale = 'quick' | 'full'

/** One thing that is measured, of every subject, round after round. One file of this folder each, or a family. */
export interface Workload {
  /** As typed on the command line. */
  readonly name: string
  readonly title: string
  /** What it does, in a sentence. */
  readonly about: string
  /** The targets it is the measure of: P1 to P16. */
  readonly targets: readonly string[]
  /** Names of the subjects; the first is ours. */
  readonly subjects: readonly [string, ...string[]]
  readonly durability: Durability
  /** Rounds when none are asked for. Fewer than five only where nothing is compared with a peer. */
  readonly rounds: number
  /** Sizes, counts and times, for the table's head. */
  parameters(scale: Scale): Readonly<Record<string, string | number>>
  cases(scale: Scale): readonly Case[]
  /** Why it cannot run on this machine, if so. */
  obstacle?(): string | undefined
  /** It says nothing where the file system is memory. */
  readonly needsDisk?: true
  /** One round of one subject. */
  measure(context: RoundContext): Promise<readonly Measured[]>
  /** What the figures say together, in sentences: where a comparison with peers does not. */
  findings?(run: WorkloadRun): readonly string[]
  /** The machine's own limits, measured in every round after the subjects. */
  measureMachine?(directory: string, scale: Scale): Promise<readonly Measured[]>
}

export type Measured = Omit<Sample, 'round' | 'subject'> & {
  /** Default: the subject of the round. `machine` is the limit of the hardware. */
  readonly subject?: 'machine'
  /** Where the time went, when the turn is one that is profiled. */
  readonly profile?: readonly ProfileLine[]
}

export interface RoundContext {
  readonly subject: Subject
  readonly durability: Durability
  readonly scale: Scale
  /** From 1. */
  readonly round: number
  /** A new, empty directory; removed after the round. */
  freshDirectory(): Promise<string>
  /** The subject's directory in this workload: as its last round left it, empty if that failed to load it. */
  readonly keptDirectory: string
  /** Fills the kept directory, unless an earlier round of the subject has. */
  loadOnce(load: () => Promise<unknown>): Promise<void>
  readonly isFirstRound: boolean
  /** Tells a person what is going on. */
  progress(text: string): void
  /** This case is not measured of this subject. */
  skip(caseName: string, reason: string): void
}
