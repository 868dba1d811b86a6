import assert from 'node:assert/strict'
import type { SimChange } from '../../../packages/engine/src/file-system/sim-change.ts'
import type { CrashChoice } from '../../../packages/engine/src/file-system/sim-crash.ts'
import {
  SimDirectory,
  type SimNameChange,
} from '../../../packages/engine/src/file-system/sim-directory.ts'
import { SimFile } from '../../../packages/engine/src/file-system/sim-file.ts'
import { SimFileSystem } from '../../../packages/engine/src/file-system/sim-file-system.ts'
import { SimTree } from '../../../packages/engine/src/file-system/sim-tree.ts'
import {
  bytesWritten,
  descriptorOf,
  lastNumberOf,
  stringsOf,
  type TracedCall,
  type TraceEvent,
} from './trace.ts'

type Node = SimFile | SimDirectory

/** A change that no sync has covered yet, and the call that made it. */
interface Uncovered<Change> {
  readonly change: Change
  readonly call: TracedCall
}

/** Calls that change something, of which every kind has to be known. */
const changing = new Set([
  'write',
  'writev',
  'pwrite64',
  'pwritev',
  'pwritev2',
  'ftruncate',
  'fallocate',
  'copy_file_range',
  'sendfile',
])

/**
 * A directory as the traced calls of a process change it, with what a power cut at any moment may leave of it: the
 * simulated disk of the engine's own tests, driven by what the kernel was really asked for. It is as strict as that
 * one: a call's effect may be on the disk from the moment the call begins, and is certainly there once a sync that
 * began after the call's end has itself ended.
 */
export class RecordedDisk {
  readonly #root: string
  readonly #tree = new SimTree()
  /** Of the process that runs now. */
  #descriptors = new Map<number, Node>()
  /** Opened by a call that has not returned its descriptor yet. */
  readonly #opening = new Map<TracedCall, Node>()
  readonly #bytes = new Map<SimFile, Uncovered<SimChange>[]>()
  #names: Uncovered<SimNameChange>[] = []

  /** Follows what happens below `root`, an absolute path to an empty directory; names there begin with `/`. */
  constructor(root: string) {
    this.#root = root
  }

  /** The process has ended; what it wrote is still in the page cache. */
  endProcess(): void {
    this.#descriptors = new Map()
    this.#opening.clear()
    // Its calls are over before any of the next process, whose places are those of another trace.
    for (const { call } of [...this.#names, ...[...this.#bytes.values()].flat()]) {
      call.end = Number.NEGATIVE_INFINITY
    }
  }

  /** What a power cut at this moment may leave. */
  crash(choice: CrashChoice): SimFileSystem {
    return new SimFileSystem(this.#tree.afterCrash(choice))
  }

  /** Whether there are bytes that a power cut may take. */
  get hasUnsyncedBytes(): boolean {
    return [...this.#bytes.values()].some((uncovered) => uncovered.length > 0)
  }

  /** Whether there are names, new or gone, that a power cut may turn back. */
  get hasUnsyncedNames(): boolean {
    return this.#names.length > 0
  }

  /** The files that there are at this moment, for a process that starts now. */
  seen(): Map<string, Uint8Array> {
    return new SimFileSystem(this.#tree).files()
  }

  /** Takes in the next event. True when it changed which states a power cut may leave. */
  take({ type, call }: TraceEvent): boolean {
    if (type === 'end') return this.#end(call)
    // What failed, or was not done, has no effect.
    if (call.error !== undefined) return false
    return this.#begin(call)
  }

  #begin(call: TracedCall): boolean {
    switch (call.name) {
      case 'openat':
        return this.#open(call)
      case 'close':
        this.#descriptors.delete(descriptorOf(call)?.number ?? -1)
        return false
      case 'pwrite64':
        return this.#changeBytes(call, (): SimChange => {
          const position = lastNumberOf(call)
          return { kind: 'write', position, bytes: bytesWritten(call), isSettled: false }
        })
      case 'ftruncate':
        return this.#changeBytes(call, (): SimChange => {
          return { kind: 'truncate', size: lastNumberOf(call), isSettled: false }
        })
      case 'rename':
        return this.#changeNames(call, ([from, to]) => this.#tree.move(from!, to!))
      case 'unlink':
        return this.#changeNames(call, ([path]) => this.#tree.remove(path!))
      case 'mkdir':
        return this.#changeNames(call, ([path]) =>
          this.#tree.add(path!, new SimDirectory(), 'mkdir'),
        )
      default:
        this.#refuse(call)
        return false
    }
  }

  #end(call: TracedCall): boolean {
    if (call.name === 'openat') {
      const node = this.#opening.get(call)
      this.#opening.delete(call)
      if (node !== undefined && call.result !== undefined) {
        this.#descriptors.set(call.result, node)
      }
    }
    if (call.name !== 'fdatasync' && call.name !== 'fsync') return false
    const node = this.#nodeOf(call)
    if (node === undefined || call.error !== undefined) return false
    if (node instanceof SimFile) this.#syncFile(node, call)
    else this.#syncDirectory(node, call)
    return true
  }

  #open(call: TracedCall): boolean {
    const path = this.#path(stringsOf(call)[0])
    if (path === undefined) return false
    assert(!call.args.includes('O_TRUNC'), `the replay does not know O_TRUNC: ${path}`)
    if (call.args.includes('O_DIRECTORY')) {
      this.#opening.set(call, this.#tree.directory(path, 'open'))
      return false
    }
    if (!call.args.includes('O_CREAT')) {
      this.#opening.set(call, this.#tree.file(path, 'open'))
      return false
    }
    assert(call.args.includes('O_EXCL'), `the replay knows new files only: ${path}`)
    const file = new SimFile()
    this.#opening.set(call, file)
    this.#names.push({ change: this.#tree.add(path, file, 'open'), call })
    return true
  }

  #changeBytes(call: TracedCall, change: () => SimChange): boolean {
    const file = this.#nodeOf(call)
    if (file === undefined) return false
    assert(file instanceof SimFile, `${call.name} of a directory`)
    const uncovered = { change: change(), call }
    file.change(uncovered.change)
    const others = this.#bytes.get(file)
    if (others === undefined) this.#bytes.set(file, [uncovered])
    else others.push(uncovered)
    return true
  }

  #changeNames(call: TracedCall, change: (paths: string[]) => SimNameChange | undefined): boolean {
    const paths = stringsOf(call).map((path) => this.#path(path))
    if (paths.every((path) => path === undefined)) return false
    const inside = paths.filter((path) => path !== undefined)
    assert.equal(inside.length, paths.length, `${call.name} over the edge of what is recorded`)
    const made = change(inside)
    if (made === undefined) return false
    this.#names.push({ change: made, call })
    return true
  }

  /** `isSettled` stays false until a sync is known to cover a change: the simulated disk then does what is right. */
  #syncFile(file: SimFile, sync: TracedCall): void {
    const uncovered = this.#bytes.get(file) ?? []
    for (const { change, call } of uncovered) change.isSettled = call.end < sync.begin
    file.sync()
    this.#bytes.set(
      file,
      uncovered.filter(({ change }) => !change.isSettled),
    )
  }

  #syncDirectory(directory: SimDirectory, sync: TracedCall): void {
    const here = this.#names.filter(
      ({ change }) =>
        change.added?.directory === directory || change.removed?.directory === directory,
    )
    for (const { change, call } of here) change.isSettled = call.end < sync.begin
    this.#tree.sync(directory)
    this.#names = this.#names.filter(({ change }) => !change.isSettled)
  }

  /** A call of a kind that is not replayed must have nothing to do with what is recorded. */
  #refuse(call: TracedCall): void {
    const isFile = changing.has(call.name) && this.#path(descriptorPath(call)) !== undefined
    const isName =
      !changing.has(call.name) && stringsOf(call).some((text) => this.#path(text) !== undefined)
    assert(!isFile && !isName, `the replay does not know ${call.name}(${call.args.slice(0, 400)})`)
  }

  #nodeOf(call: TracedCall): Node | undefined {
    const path = this.#path(descriptorPath(call))
    if (path === undefined) return undefined
    const node = this.#descriptors.get(descriptorOf(call)!.number)
    assert(node !== undefined, `${call.name} of ${path}, which was not seen to be opened`)
    return node
  }

  /** Inside what is recorded; undefined for all else, and for the lock, which holds no data. */
  #path(path: Buffer | string | undefined): string | undefined {
    const text = String(path)
    if (text === this.#root) return '/'
    if (!text.startsWith(`${this.#root}/`)) return undefined
    return /\/LOCK\.[^/]*$/.test(text) ? undefined : text.slice(this.#root.length)
  }
}

function descriptorPath(call: TracedCall): string | undefined {
  return descriptorOf(call)?.of
}
