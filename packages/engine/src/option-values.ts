/** Checks of options as callers without types give them. */
import { shown } from './shown-value.ts'

/** Throws `TypeError` for other than true, false and undefined. */
export function checkSwitch(
  value: boolean | undefined,
  name: string,
  undone = 'nothing was done',
): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new TypeError(`${name} must be true or false, not ${shown(value)}; ${undone}`)
}

/** Throws `TypeError` for other than a function and undefined. */
export function checkFunction(value: unknown, name: string, undone = 'nothing was done'): void {
  if (value === undefined || typeof value === 'function') return
  throw new TypeError(`${name} must be a function, not ${shown(value)}; ${undone}`)
}

/** Throws `TypeError` for a signal that is none, and an `onProgress` that cannot be called. */
export function checkFollowing({
  onProgress,
  signal,
}: {
  readonly onProgress?: unknown
  readonly signal?: unknown
}): void {
  checkFunction(onProgress, 'onProgress')
  if (signal === undefined || signal instanceof AbortSignal) return
  throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}; nothing was done`)
}

/** The methods of what callers may bring. */
const methods = {
  logger: ['info', 'warn', 'error'],
  clock: ['now', 'monotonic', 'after', 'nextTurn'],
  fileSystem: [
    'openForReading',
    'openForWriting',
    'createFile',
    'rename',
    'unlink',
    'makeDirectory',
    'readDirectory',
    'syncDirectory',
    'freeSpace',
    'lockDirectory',
  ],
} as const

/** Throws `TypeError` for a logger, a clock or a file system that lacks a method. */
export function checkMethods(
  value: unknown,
  what: keyof typeof methods,
  name: string = what,
  undone = 'nothing was done',
): void {
  if (value === undefined) return
  const has = Object(value) as Record<string, unknown>
  const lacks = methods[what].find((method) => typeof has[method] !== 'function')
  if (lacks === undefined) return
  const wanted = `an object with the methods ${methods[what].join(', ')}`
  throw new TypeError(`${name} must be ${wanted}, not ${shown(value)}; ${undone}`)
}
