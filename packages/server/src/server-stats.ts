import type { Store, StoreStats } from '@kv/engine'
import type { Plain, PlainMap } from '@kv/protocol'
import type { HeldBytes } from './held-bytes.ts'
import type { Listener } from './listener.ts'
import type { Metrics } from './metrics.ts'
import type { Config } from './settings.ts'
import { serverVersion } from './version.ts'

/** What a picture of the server is made of. */
export interface StatsSources {
  readonly config: Config
  readonly store: Store
  readonly held: HeldBytes
  readonly listener: Listener
  readonly metrics: Metrics
}

/** The answer to a stats request: the store's figures and the server's. No path of this machine is in it. */
export function serverStats({ config, store, held, listener, metrics }: StatsSources): PlainMap {
  return {
    store: storeStats(store.stats()),
    server: {
      version: serverVersion,
      node: process.version,
      pid: process.pid,
      ...metrics.summary(),
      connections: {
        current: listener.connections,
        total: metrics.connectionsTotal,
        refused: metrics.connectionsRefused,
        cut: metrics.connectionsCut,
      },
      heldBytes: held.bytes,
      settings: settingsOf(config),
    },
  }
}

function storeStats(stats: StoreStats): PlainMap {
  const { commits, merges } = stats
  return {
    ...stats,
    files: { ...stats.files },
    disk: { freeBytes: stats.disk.freeBytes ?? null, isLow: stats.disk.isLow },
    keydir: { ...stats.keydir },
    cache: { ...stats.cache },
    reads: { ...stats.reads },
    snapshots: { ...stats.snapshots },
    expiry: { ...stats.expiry },
    operations: { ...stats.operations },
    commits: { ...commits, latency: { ...commits.latency }, syncs: { ...commits.syncs } },
    merges: mergeStats(merges),
    recovery: { ...stats.recovery },
  }
}

/** How merges stand: what is running, whether they are paused, and when the next one is due. */
export function mergeStats({ progress, last, ...merges }: StoreStats['merges']): PlainMap {
  return {
    ...merges,
    progress: progress === undefined ? null : { ...progress, leftMs: progress.leftMs ?? null },
    last: last === undefined ? null : { ...last },
  }
}

function settingsOf(config: Config): PlainMap {
  const settings: Record<string, Plain> = { ...config }
  delete settings['dataDir']
  return settings
}
