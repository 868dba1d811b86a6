/**
 * Prints what stands in the files of a store, item by item and in bounded memory. Damage is an item of its own, and what
 * stands behind it is printed as far as it can be found. Nothing is locked and nothing changed; of a store that is open,
 * what is being written may look torn.
 */
import { basename, dirname } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { diskError } from '../disk-error.ts'
import { type KvError, systemErrorCode } from '../errors.ts'
import {
  keydirImageFileName,
  logDirectoryName,
  lostDirectoryName,
  manifestFileName,
  marksFileName,
  mergeDirectoryName,
  nodeFileName,
} from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { nodeFileSystem } from '../file-system/node-file-system.ts'
import { checkedPath } from '../path-argument.ts'
import { BoundedQueue } from './bounded-queue.ts'
import { openOrCode } from './care-context.ts'
import { refused } from './care-lock.ts'
import { CareReader } from './care-reader.ts'
import { FileInspector } from './inspect-file.ts'
import type { Inspection } from './inspection.ts'
import { Pace } from './pace.ts'

/** All optional. */
export interface InspectOptions {
  /** Show values, too, at most 4 KiB of each. Default false. */
  readonly values?: boolean | undefined
  /** Ends the work; it fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** The door to the disk. Default: the real one. */
  readonly fileSystem?: FileSystem | undefined
  /** The door to time. Default: the real one. */
  readonly clock?: Clock | undefined
}

const undone = 'nothing was printed'
/** Items that wait for whoever takes them. */
const itemsWaitingMax = 256

/** Folders of a data directory with files of their own. */
const folders: readonly string[] = [logDirectoryName, mergeDirectoryName, lostDirectoryName]

/**
 * What stands in the file `path`, or in each file of the data directory `path`.
 *
 * @throws KvError KV_BAD_REQUEST when there is no such file, KV_TRY_LATER without a free descriptor, KV_STORAGE_FAILED; the
 * signal's reason.
 */
export async function* inspect(
  path: string,
  options: InspectOptions = {},
): AsyncGenerator<Inspection, void, undefined> {
  const from = checkedPath(path, 'what to inspect', 'nothing was inspected')
  const left = new AbortController()
  const signals = [left.signal, ...(options.signal === undefined ? [] : [options.signal])]
  const queue = new BoundedQueue<Inspection>(itemsWaitingMax)
  const inspection = new StoreInspection(queue, { ...options, signal: AbortSignal.any(signals) })
  const ended = inspection.run(from).then(
    () => queue.end(),
    (error: unknown) => queue.end({ error: diskError(error, undone) }),
  )
  try {
    yield* queue.take()
  } finally {
    left.abort()
    queue.abandon()
    await ended
  }
}

class StoreInspection {
  readonly #queue: BoundedQueue<Inspection>
  readonly #fileSystem: FileSystem
  readonly #values: boolean
  readonly #pace: Pace

  constructor(queue: BoundedQueue<Inspection>, options: InspectOptions) {
    const { fileSystem = nodeFileSystem, clock = systemClock, values = false, signal } = options
    this.#queue = queue
    this.#fileSystem = fileSystem
    this.#values = values
    this.#pace = new Pace(clock, { signal })
  }

  async run(path: string): Promise<void> {
    const names = await this.#namesIn(path)
    if (names === undefined) {
      await this.#inspect(dirname(path), basename(path))
      return
    }
    for (const name of inOrder(names)) {
      if (!folders.includes(name)) await this.#inspect(path, name)
    }
    for (const folder of folders.filter((name) => names.includes(name))) {
      for (const name of (await this.#namesIn(`${path}/${folder}`)) ?? []) {
        await this.#inspect(path, `${folder}/${name}`)
      }
    }
  }

  /** In order; undefined for what is no directory. */
  async #namesIn(path: string): Promise<string[] | undefined> {
    try {
      return (await this.#fileSystem.readDirectory(path)).sort()
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOTDIR') return undefined
      if (code !== 'ENOENT') throw error
      throw refused(`there is no ${path}; ${undone}; name a data directory, or a file of one`)
    }
  }

  async #inspect(directory: string, path: string): Promise<void> {
    this.#pace.begin(path)
    const add = (
      offset: number,
      what: string,
      fields: Inspection['fields'],
      isDamage = false,
    ): Promise<void> | undefined => this.#queue.push({ path, offset, what, fields, isDamage })
    if (basename(path).startsWith('LOCK')) {
      await add(0, 'lock: a unix socket that holds no data', {})
      return
    }
    const handle = await openOrCode(this.#fileSystem, `${directory}/${path}`)
    if (typeof handle === 'string') {
      if (handle === 'ENOENT') throw missing(`${directory}/${path}`)
      await add(0, 'it cannot be opened', { code: handle }, true)
      return
    }
    try {
      const reader = new CareReader(handle, await handle.size(), this.#pace)
      const inspector = new FileInspector(path, handle, reader, this.#pace, this.#values, add)
      await inspector.run()
      const { unreadable } = reader
      if (unreadable !== undefined) {
        await add(unreadable.offset, 'it cannot be read', { code: unreadable.code }, true)
      }
    } finally {
      await handle.close()
    }
  }
}

function missing(path: string): KvError {
  return refused(`there is no ${path}; ${undone}; name a data directory, or a file of one`)
}

/** What tells of the others comes first. */
function inOrder(names: readonly string[]): string[] {
  const first = [nodeFileName, manifestFileName, marksFileName, keydirImageFileName]
  const known = first.filter((name) => names.includes(name))
  return [...known, ...names.filter((name) => !known.includes(name))]
}
