/**
 * The names of a simulated disk. A change of names is durable only after `sync` of its directory, in
 * which POSIX allows more than ext4 does. For a rename from one directory to another this means: after a
 * sync of the target the new name is durable, and the old one may still be there; after a sync of the
 * source both are as they should be, since a journal never loses the file.
 */
import { SeededRandom } from './seeded-random.ts'
import type { CrashChoice, CrashNames } from './sim-crash.ts'
import type { SimEntry, SimNameChange, SimNode } from './sim-directory.ts'
import { applyDurable, applySeen, SimDirectory } from './sim-directory.ts'
import { systemError } from './sim-error.ts'
import { SimFile } from './sim-file.ts'

export class SimTree {
  readonly #root: SimDirectory
  /** Name changes that are not durable, in order. */
  #changes: SimNameChange[]

  constructor(root: SimDirectory = new SimDirectory(), changes: SimNameChange[] = []) {
    this.#root = root
    this.#changes = changes
  }

  file(path: string, syscall: string): SimFile {
    const node = this.#find(path, syscall)
    if (node === undefined) throw systemError('ENOENT', syscall, path)
    if (node instanceof SimDirectory) throw systemError('EISDIR', syscall, path)
    return node
  }

  directory(path: string, syscall: string): SimDirectory {
    return this.#walk(partsOf(path), path, syscall)
  }

  add(path: string, node: SimNode, syscall: string): SimNameChange {
    const { directory, name } = this.#place(path, syscall)
    if (directory.seen.has(name)) throw systemError('EEXIST', syscall, path)
    return this.#change({ added: { directory, name, node }, isSettled: false })
  }

  remove(path: string): SimNameChange {
    const node = this.file(path, 'unlink')
    const { directory, name } = this.#place(path, 'unlink')
    return this.#change({ removed: { directory, name, node }, isSettled: false })
  }

  /** Undefined when both names are one: then there is nothing to do. */
  move(from: string, to: string): SimNameChange | undefined {
    const source = this.#place(from, 'rename')
    const target = this.#place(to, 'rename')
    const node = source.directory.seen.get(source.name)
    if (node === undefined) throw systemError('ENOENT', 'rename', from)
    const replaced = target.directory.seen.get(target.name)
    if (replaced === node) return undefined
    checkReplaceable(node, replaced, to)
    return this.#change({
      added: { ...target, node },
      removed: { ...source, node },
      isSettled: false,
    })
  }

  sync(directory: SimDirectory): void {
    this.#changes = this.#changes.flatMap((change) => {
      if (!change.isSettled || !touches(change, directory)) return [change]
      const { added, removed } = change
      if (added === undefined || removed === undefined || removed.directory === directory) {
        applyDurable(change)
        return []
      }
      applyDurable({ added, isSettled: true })
      return [{ removed, isSettled: true }]
    })
  }

  /** A directory sync that fails: as with a file's, no later one makes these names durable. */
  failSync(directory: SimDirectory): void {
    this.#changes = this.#changes.filter(
      (change) => !change.isSettled || !touches(change, directory),
    )
  }

  /** Puts a file on the disk, and the directories above it, behind every process's back. */
  poke(path: string, bytes: Uint8Array): void {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw systemError('EISDIR', 'poke', path)
    let directory = this.#root
    for (const part of parts) {
      const child = directory.seen.get(part) ?? new SimDirectory()
      if (child instanceof SimFile) throw systemError('ENOTDIR', 'poke', path)
      place(directory, part, child)
      directory = child
    }
    const file = directory.seen.get(name) ?? new SimFile()
    if (file instanceof SimDirectory) throw systemError('EISDIR', 'poke', path)
    file.replace(bytes)
    place(directory, name, file)
  }

  *files(): Generator<[path: string, file: SimFile]> {
    yield* filesIn(this.#root, '')
  }

  clone(): SimTree {
    const copies = new Map<SimNode, SimNode>()
    const root = copyDirectory(this.#root)
    const changes = this.#changes.map((change) => ({
      ...mapEntries(change, copyEntry),
      isSettled: true,
    }))
    return new SimTree(root, changes)

    function copyNode(node: SimNode): SimNode {
      const known = copies.get(node)
      if (known !== undefined) return known
      if (node instanceof SimDirectory) return copyDirectory(node)
      const copy = node.clone()
      copies.set(node, copy)
      return copy
    }

    function copyDirectory(directory: SimDirectory): SimDirectory {
      const copy = new SimDirectory()
      copies.set(directory, copy)
      for (const [name, node] of directory.seen) copy.seen.set(name, copyNode(node))
      for (const [name, node] of directory.durable) copy.durable.set(name, copyNode(node))
      return copy
    }

    function copyEntry({ directory, name, node }: SimEntry): SimEntry {
      return { directory: copyNode(directory) as SimDirectory, name, node: copyNode(node) }
    }
  }

  /** The tree as a power cut leaves it; all of it is durable then. */
  afterCrash(choice: CrashChoice): SimTree {
    const random = new SeededRandom(choice.seed ?? 0)
    const cut = this.clone()
    for (const change of cut.#changes) {
      if (survives(choice.names, random)) applyDurable(change)
    }
    const copies = new Map<SimNode, SimNode>()
    return new SimTree(crashed(cut.#root) as SimDirectory)

    function crashed(node: SimNode): SimNode {
      const known = copies.get(node)
      if (known !== undefined) return known
      if (node instanceof SimFile) {
        const copy = node.afterCrash(choice.data, random)
        copies.set(node, copy)
        return copy
      }
      const copy = new SimDirectory()
      copies.set(node, copy)
      for (const [name, child] of node.durable) place(copy, name, crashed(child))
      return copy
    }
  }

  #change(change: SimNameChange): SimNameChange {
    applySeen(change)
    this.#changes.push(change)
    return change
  }

  #find(path: string, syscall: string): SimNode | undefined {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) return this.#root
    return this.#walk(parts, path, syscall).seen.get(name)
  }

  #place(path: string, syscall: string): { directory: SimDirectory; name: string } {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw systemError('EINVAL', syscall, path)
    return { directory: this.#walk(parts, path, syscall), name }
  }

  #walk(parts: readonly string[], path: string, syscall: string): SimDirectory {
    let directory = this.#root
    for (const part of parts) {
      const child = directory.seen.get(part)
      if (child === undefined) throw systemError('ENOENT', syscall, path)
      if (child instanceof SimFile) throw systemError('ENOTDIR', syscall, path)
      directory = child
    }
    return directory
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function checkReplaceable(node: SimNode, replaced: SimNode | undefined, path: string): void {
  if (replaced === undefined) return
  if (node instanceof SimFile) {
    if (replaced instanceof SimDirectory) throw systemError('EISDIR', 'rename', path)
  } else if (replaced instanceof SimFile) {
    throw systemError('ENOTDIR', 'rename', path)
  } else if (replaced.seen.size > 0) {
    throw systemError('ENOTEMPTY', 'rename', path)
  }
}

function touches({ added, removed }: SimNameChange, directory: SimDirectory): boolean {
  return added?.directory === directory || removed?.directory === directory
}

function survives(names: CrashNames, random: SeededRandom): boolean {
  return names === 'subset' ? random.chance() : names === 'kept'
}

function place(directory: SimDirectory, name: string, node: SimNode): void {
  directory.seen.set(name, node)
  directory.durable.set(name, node)
}

function mapEntries(
  { added, removed }: SimNameChange,
  map: (entry: SimEntry) => SimEntry,
): Omit<SimNameChange, 'isSettled'> {
  return {
    ...(added === undefined ? {} : { added: map(added) }),
    ...(removed === undefined ? {} : { removed: map(removed) }),
  }
}

function* filesIn(directory: SimDirectory, prefix: string): Generator<[string, SimFile]> {
  for (const [name, node] of directory.seen) {
    const path = `${prefix}/${name}`
    if (node instanceof SimFile) yield [path, node]
    else yield* filesIn(node, path)
  }
}
