import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The commit that is measured, with `+` when something beside it was changed; `unknown` outside a repository. */
export async function revision(): Promise<string> {
  const options = { cwd: import.meta.dirname }
  try {
    const { stdout: commit } = await run('git', ['rev-parse', '--short=12', 'HEAD'], options)
    const { stdout: changes } = await run(
      'git',
      ['status', '--porcelain', '--untracked-files=no'],
      options,
    )
    return `${commit.trim()}${changes === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}
