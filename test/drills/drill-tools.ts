import { spawnSync } from 'node:child_process'

/** A program that a drill needs: a command line that does nothing and succeeds where it may be used. */
export interface DrillTool {
  readonly name: string
  readonly probe: readonly string[]
}

/** Also a machine that has it may forbid one process to trace another. */
export const strace: DrillTool = { name: 'strace', probe: ['-qq', '-o', '/dev/null', 'true'] }

/**
 * Whether a drill has to be left out because a tool is missing or forbidden here: said aloud on a laptop, an error
 * where CI is set.
 */
export function lacks(drill: string, tools: readonly DrillTool[]): boolean {
  if (process.platform !== 'linux') return leaveOut(drill, 'it needs Linux')
  for (const { name, probe } of tools) {
    const { status, stderr, error } = spawnSync(name, probe, { encoding: 'utf8' })
    if (status === 0) continue
    const reason = error?.message ?? stderr.trim()
    return leaveOut(drill, `${name} cannot be used (${reason}); scripts/install-drill-tools.sh`)
  }
  return false
}

function leaveOut(drill: string, reason: string): true {
  const line = `${drill} is left out: ${reason}`
  if (process.env['CI'] === 'true') throw new Error(line)
  process.stderr.write(`${line}\n`)
  return true
}
