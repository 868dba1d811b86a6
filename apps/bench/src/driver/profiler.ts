/** Where the time of this process's main thread goes, from V8's sampling profiler. */
import { type Profiler, Session } from 'node:inspector/promises'
import type { ProfileLine } from '../results/run-file.ts'

/** Set in the environment of a driver whose steps are to be profiled. */
export const profileVariable = 'KV_BENCH_PROFILE'

const sampleUs = 500
const linesMax = 15

/** Does a step and adds its profile, when this driver is to be profiled. */
export async function profiled<Result extends object>(
  step: () => Promise<Result>,
): Promise<Result & { readonly profile?: readonly ProfileLine[] }> {
  if (process.env[profileVariable] === undefined) return step()
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: sampleUs })
    await session.post('Profiler.start')
    const result = await step()
    const { profile } = await session.post('Profiler.stop')
    return { ...result, profile: linesOf(profile) }
  } finally {
    session.disconnect()
  }
}

/** The functions that took the most time themselves, what they called left out. */
export function linesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): ProfileLine[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  let total = 0
  for (const [at, id] of samples.entries()) {
    // The time from one sample to the next belongs to the first.
    const us = timeDeltas[at + 1] ?? 0
    const name = names.get(id) ?? '(unknown)'
    times.set(name, (times.get(name) ?? 0) + us)
    total += us
  }
  return [...times]
    .map(([name, us]) => ({ function: name, share: (100 * us) / total }))
    .sort((a, b) => b.share - a.share)
    .slice(0, linesMax)
}

/** `engine/keydir/key-order #leafOf`; V8's own parts are in parentheses, as `(garbage collector)`. */
function nameOf({ functionName, url }: Profiler.Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/(packages|apps)\//, '')
    .replace(/\/(dist|src)\//, '/')
    .replace(/\.[jt]s$/, '')
  return `${file} ${name}`
}
