/**
 * NODE: who this directory belongs to. Written once, last of all when a store is created, so that its
 * presence means a complete store.
 */
import { randomUUID } from 'node:crypto'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'
import { formatVersion } from './format-version.ts'

/** Who a store is. The ids are UUIDs, drawn when its directory is made, and never change. */
export interface NodeIdentity {
  /** Of the files in the directory: 1. */
  readonly formatVersion: number
  /** Of the cluster that it belongs to; a store alone has one of its own. */
  readonly clusterId: string
  /** Of the node in that cluster. */
  readonly nodeId: string
  /** Of this very directory: a wiped node that comes back has another one. */
  readonly storeId: string
}

export function createIdentity(): NodeIdentity {
  return {
    formatVersion,
    clusterId: randomUUID(),
    nodeId: randomUUID(),
    storeId: randomUUID(),
  }
}

export function encodeNodeFile(identity: NodeIdentity): Buffer {
  return encodeCheckedJson(identity)
}

/** Undefined when the bytes are damaged. */
export function decodeNodeFile(bytes: Buffer): NodeIdentity | undefined {
  const value = decodeCheckedJson(bytes)
  return isIdentity(value) ? value : undefined
}

function isIdentity(value: unknown): value is NodeIdentity {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Record<string, unknown>
  return (
    typeof fields['formatVersion'] === 'number' &&
    ['clusterId', 'nodeId', 'storeId'].every((name) => typeof fields[name] === 'string')
  )
}
