import { resolve } from 'node:path'
import { shown } from './shown-value.ts'

/**
 * A path as callers give it, as an absolute one. Throws `TypeError` for what is no path; no text is none either, as
 * it would stand for the current directory by accident.
 */
export function checkedPath(path: string, what: string, undone: string): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path)
  throw new TypeError(
    `${what} must be a path, not ${shown(path)}; ${undone}; '.' is the current directory`,
  )
}
