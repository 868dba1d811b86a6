/** The one case to run, of all fault classes, or undefined for every one. */
const chosen = process.env['KV_CASE']

export const replaying: boolean = chosen !== undefined

/** How the random commands of a class are to be replayed, as fast-check says it: `KV_CASE='C1 17:3:0'`. */
export function chosenPath(name: string): string | undefined {
  return chosen?.startsWith(`${name} `) ? chosen.slice(name.length + 1) : undefined
}

/** Runs a case, unless another one was chosen. What it throws says how to run it alone. */
export async function runCase(name: string, run: () => Promise<void>): Promise<void> {
  if (chosen !== undefined && chosen !== name) return
  try {
    await run()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${name}: ${reason}\nreplay: KV_CASE='${name}' pnpm test:crash`, {
      cause: error,
    })
  }
}
