import { Driver } from '../driver/driver.ts'
import type { StepResult } from '../driver/measurement.ts'
import type { Mix } from '../driver/operations.ts'
import type { Load, Memory } from '../driver/steps.ts'
import type { MemoryCgroup } from '../memory-cgroup.ts'
import type { Sample } from '../results/run-file.ts'
import type { Server, SessionName } from '../subjects/subject.ts'
import type { Measured, RoundContext } from './workload.ts'

/** A driver with an open session, and the server behind it if there is one. */
export interface Stage {
  readonly driver: Driver
  readonly server: Server | undefined
  /** Of the driver's process before it opened the session. */
  readonly emptyMemory: Memory
  /** How long the session took to open, in seconds. */
  readonly openSeconds: number
}

export interface StageOptions {
  /** Starts the server; default: as the subject does. */
  readonly serve?: (directory: string) => Promise<Server>
  /** Default: the subject's. */
  readonly session?: SessionName
  /** Limits the driver's memory. */
  readonly cgroup?: MemoryCgroup
  /** Whether the session is closed in the end; default true. Not for one that was killed. */
  readonly closes?: boolean
}

/** Starts what the round's subject needs on `directory`, acts, and ends it all by its pids. */
export async function onStage<Result>(
  { subject, durability }: RoundContext,
  directory: string,
  act: (stage: Stage) => Promise<Result>,
  { serve, session = subject.session, cgroup, closes = true }: StageOptions = {},
): Promise<Result> {
  const server = await (serve?.(directory) ?? subject.serve?.(directory, durability))
  const driver = Driver.start(subject.environment, cgroup)
  try {
    const target = server === undefined ? { directory } : { port: server.port }
    const { seconds: openSeconds, emptyMemory } = await driver.do('open', {
      session,
      target: { ...target, durability },
    })
    const result = await act({ driver, server, emptyMemory, openSeconds })
    if (closes) await driver.do('close')
    return result
  } finally {
    await driver.kill()
    await server?.stop()
  }
}

const chunkKeysMax = 1_000
const chunkBytesMax = 1_048_576

/** How keys are brought in: 1,000 or 1 MiB at a time, four times at once. */
export function loadOf(count: number, valueBytes: number, from = 0): Load {
  const chunk = Math.max(1, Math.min(chunkKeysMax, Math.floor(chunkBytesMax / valueBytes)))
  return { from, count, valueBytes, chunk, inFlight: 4 }
}

const keysPerStep = 10_000_000

/** The first key of a step that writes new ones: no step of any round writes those of another. */
function insertFrom(loaded: number, { round }: RoundContext, step: number): number {
  return loaded + (round * 20 + step) * keysPerStep
}

/** A mix of one kind of operation, filled up. */
export function mixOf(
  mix: Pick<Mix, 'shares' | 'valueBytes'> & Partial<Mix>,
  context: RoundContext,
  step: number,
): Mix {
  const loaded = mix.loaded ?? 0
  return {
    keys: 'uniform',
    firstKey: 0,
    seed: context.round * 100 + step,
    insertFrom: insertFrom(loaded, context, step),
    ...mix,
    loaded,
  }
}

/** The sample of a step. Throws when operations failed, the loop gave up, or next to nothing was measured. */
export function measured(caseName: string, result: StepResult): Measured {
  if (result.isOverloaded === true) throw new Error(`${caseName}: does not keep up with the rate`)
  if (result.errors > 0) {
    throw new Error(`${caseName}: an operation failed: ${result.firstError}`)
  }
  if (result.operations === 0 || result.latency['p50'] === undefined) {
    throw new Error(`${caseName}: no operation was answered in time`)
  }
  return { case: caseName, values: valuesOf(result), ...details(result) }
}

function valuesOf(result: StepResult): Sample['values'] {
  const { operations, entries, seconds, latency, cpuSeconds, lateP99 } = result
  return {
    throughput: operations / seconds,
    entries: entries / seconds,
    cpuPerOperation: (cpuSeconds * 1e6) / operations,
    ...latency,
    ...(lateP99 === undefined ? {} : { lateP99 }),
  }
}

function details({ histogram, timeline, profile }: StepResult): Omit<Measured, 'case' | 'values'> {
  return {
    histogram,
    ...(timeline === undefined ? {} : { timeline }),
    ...(profile === undefined ? {} : { profile }),
  }
}
