import { setImmediate } from 'node:timers/promises'
import { Watchdog } from './watchdog.ts'

/** The one case to run, of all fault classes, or undefined for every one. */
const chosen = process.env['KV_CASE']

const watchdog = new Watchdog()

export const replaying: boolean = chosen !== undefined

/** How the random commands of a class are to be replayed, as fast-check says it: `KV_CASE='C1 17:3:0'`. */
export function chosenPath(name: string): string | undefined {
  return chosen?.startsWith(`${name} `) ? chosen.slice(name.length + 1) : undefined
}

/** Runs a case, unless another one was chosen. What it throws says how to run it alone. */
export async function runCase<T>(
  name: string,
  run: () => Promise<T>,
  command = 'pnpm test:crash',
): Promise<T | undefined> {
  if (chosen !== undefined && chosen !== name) return undefined
  watchdog.watch(name)
  try {
    return await run()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${name}: ${reason}\nreplay: KV_CASE='${name}' ${command}`, {
      cause: error,
    })
  } finally {
    // The simulated disk lives in microtasks: without this nothing else ever has its turn.
    await setImmediate()
  }
}
