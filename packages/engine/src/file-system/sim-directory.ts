import type { SimFile } from './sim-file.ts'

export type SimNode = SimFile | SimDirectory

/** The names in a directory that processes see, and those that a power cut leaves. */
export class SimDirectory {
  readonly seen: Map<string, SimNode> = new Map()
  readonly durable: Map<string, SimNode> = new Map()
}

export interface SimEntry {
  directory: SimDirectory
  name: string
  node: SimNode
}

/**
 * One change of names that is not durable yet: `added` alone is a create, `removed` alone an unlink, both
 * together are a rename, which survives a power cut as a whole or not at all. Settled as in `SimChange`.
 */
export interface SimNameChange {
  added?: SimEntry
  removed?: SimEntry
  isSettled: boolean
}

export function applySeen({ added, removed }: SimNameChange): void {
  removed?.directory.seen.delete(removed.name)
  added?.directory.seen.set(added.name, added.node)
}

export function applyDurable({ added, removed }: SimNameChange): void {
  removed?.directory.durable.delete(removed.name)
  added?.directory.durable.set(added.name, added.node)
}
