/**
 * A process for `lock-process.ts` that takes and releases directories on command, one a line:
 * `take <directory>` answers `held`, `locked by <holder>` or `failed: <message>`; `release` answers
 * `released`. It ends with its standard input, so it never outlives the test.
 */
import { createInterface } from 'node:readline'
import { lockDirectory } from '../../src/file-system/directory-lock.ts'
import type { DirectoryLock } from '../../src/file-system/file-system.ts'
import { DirectoryLockedError } from '../../src/file-system/file-system.ts'

let held: DirectoryLock | undefined

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(await obey(line))
}

async function obey(line: string): Promise<string> {
  if (line === 'release') {
    await held?.release()
    return 'released'
  }
  try {
    held = await lockDirectory(line.replace(/^take /, ''))
    return 'held'
  } catch (error) {
    if (error instanceof DirectoryLockedError) return `locked by ${error.holder}`
    return `failed: ${String(error)}`
  }
}
