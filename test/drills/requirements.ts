import { spawnSync } from 'node:child_process'

/**
 * Why a drill cannot run here, if so: it needs Linux, root and these programs, and nothing `other` in its way. With `CI=true` it throws, because a
 * drill that is not run must not look like one that passed.
 */
export function obstacle(programs: readonly string[], other?: string): string | undefined {
  const found = firstObstacle(programs) ?? other
  if (found === undefined) return undefined
  const text = `this drill cannot run: ${found}; scripts/install-drill-tools.sh brings the tools`
  if (process.env['CI'] === 'true') throw new Error(text)
  process.stderr.write(`SKIPPED: ${text}\n`)
  return text
}

function firstObstacle(programs: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root'
  const missing = programs.filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  )
  return missing.length === 0 ? undefined : `it needs ${missing.join(', ')}`
}
