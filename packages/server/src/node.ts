import { resolve } from 'node:path'
import { Store } from '@kv/engine'
import type { PlainMap, ServerLimits } from '@kv/protocol'
import { frameBytesMaxOf } from '@kv/protocol'
import { isLoopback, refuseOpenAddress } from './bind-address.ts'
import { checkDataDirectory, openError } from './data-directory.ts'
import { descriptorLimit, descriptorShares } from './descriptor-limit.ts'
import { HeldBytes } from './held-bytes.ts'
import { keydirBytesMaxOf } from './keydir-share.ts'
import { type Address, Listener } from './listener.ts'
import { LogLimiter } from './log-limiter.ts'
import type { Logger } from './logging.ts'
import { Metrics } from './metrics.ts'
import { ReadGate } from './read-gate.ts'
import { serverStats } from './server-stats.ts'
import type { Config } from './settings.ts'
import { Turn } from './turn.ts'
import { serverVersion } from './version.ts'

/** What reads under way may bring into memory, of all that connections may hold. */
const readShare = 1 / 4

export interface NodeOptions {
  readonly config: Config
  readonly logger: Logger
  /** Called once when the disk has failed: clients have been told, and the process must end now. */
  readonly onDiskFailure: () => void
}

/** One node: the store and the port that serves it. */
export class Node implements AsyncDisposable {
  readonly #store: Store
  readonly #listener: Listener
  readonly #metrics: Metrics
  readonly #logger: Logger
  #stopping: Promise<void> | undefined

  /**
   * Starts in an order that leaves nothing behind when a step fails: the port is taken before the data directory is
   * touched. Throws StartError.
   */
  static async start({ config: asked, logger, onDiskFailure }: NodeOptions): Promise<Node> {
    const config = withPossibleDescriptors(asked, logger)
    refuseOpenAddress(config)
    await checkDataDirectory(config.dataDir)
    logger.info({ version: serverVersion, node: process.version }, 'the kv server is starting')
    warnOfOpenAddress(config, logger)
    const listener = await Listener.listen(config)
    try {
      const store = await openStore(config, logger, () => {
        // The store is about to tell those who wait; by the end of this turn they have their answers.
        setImmediate(() => {
          listener.flush()
          onDiskFailure()
        })
      })
      return new Node(config, logger, store, listener)
    } catch (error) {
      await listener.close()
      throw error
    }
  }

  private constructor(config: Config, logger: Logger, store: Store, listener: Listener) {
    this.#store = store
    this.#listener = listener
    this.#metrics = new Metrics()
    this.#logger = logger
    const held = new HeldBytes(config.heldBytesMax)
    const stats = (): PlainMap =>
      serverStats({ config, store, held, listener, metrics: this.#metrics })
    listener.serve({
      config,
      services: { store, limits: limitsOf(config), serverVersion, stats },
      turn: new Turn(),
      reads: new ReadGate(config.heldBytesMax * readShare),
      held,
      metrics: this.#metrics,
      logger,
      limitedLog: new LogLimiter(logger),
    })
    this.#announce(config)
  }

  get address(): Address {
    return this.#listener.address
  }

  /**
   * Takes no more requests, answers those in flight, then closes the store. Later calls return the same promise.
   * Throws the store's error when the disk fails meanwhile.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    this.#logger.info({ connections: this.#listener.connections }, 'the kv server is stopping')
    await this.#listener.close()
    await this.#store.close()
    this.#metrics.stop()
    this.#logger.info('the kv server has stopped, and all data is on the disk')
  }

  #announce(config: Config): void {
    const { keys, recovery } = this.#store.stats()
    const { durability } = config
    const openMs = Math.round(recovery.openMs)
    this.#logger.info(
      { dataDir: resolve(config.dataDir), keys, openMs, durability },
      'the data is open',
    )
    const { host, port } = this.address
    this.#logger.info({ host, port }, 'listening')
    const address = `kv://${host.includes(':') ? `[${host}]` : host}:${port}`
    this.#logger.info(`try: npm run --silent kv -- put greeting hello --address ${address}`)
  }
}

function openStore(config: Config, logger: Logger, onFailure: () => void): Promise<Store> {
  return Store.open(config.dataDir, {
    durability: config.durability,
    syncIntervalMs: config.syncIntervalMs,
    segmentBytes: config.segmentBytes,
    keyBytesMax: config.keyBytesMax,
    valueBytesMax: config.valueBytesMax,
    batchBytesMax: config.batchBytesMax,
    batchOperationsMax: config.batchOpsMax,
    pendingBytesMax: config.pendingBytesMax,
    openFilesMax: config.openFilesMax,
    cacheBytesMax: config.cacheBytesMax,
    diskReserveBytes: config.diskReserveBytes,
    keydirBytesMax: keydirBytesMaxOf(config),
    autoMerge: config.autoMerge,
    mergeDeadRatioMin: config.mergeDeadRatioMin,
    mergeBytesPerSecondMax: config.mergeBytesPerSecondMax,
    logger,
    onFailure,
  }).catch((error: unknown) => {
    throw openError(error, config.dataDir)
  })
}

function limitsOf(config: Config): ServerLimits {
  const { keyBytesMax, valueBytesMax, batchBytesMax, batchOpsMax, inFlightMax } = config
  const frameBytesMax = frameBytesMaxOf(batchBytesMax)
  return { keyBytesMax, valueBytesMax, batchBytesMax, batchOpsMax, frameBytesMax, inFlightMax }
}

function withPossibleDescriptors(config: Config, logger: Logger): Config {
  const limit = descriptorLimit()
  const shares = descriptorShares(limit)
  const connectionsMax = Math.min(config.connectionsMax, shares.connections)
  const openFilesMax = Math.min(config.openFilesMax, shares.openFiles)
  if (connectionsMax === config.connectionsMax && openFilesMax === config.openFilesMax)
    return config
  logger.warn(
    {
      openFilesOfSystem: limit,
      connectionsMax,
      openFilesMax,
      asked: { connectionsMax: config.connectionsMax, openFilesMax: config.openFilesMax },
    },
    'the system allows fewer open files than connections and data files want; raise its limit (ulimit -n)',
  )
  return Object.freeze({ ...config, connectionsMax, openFilesMax })
}

function warnOfOpenAddress({ host }: Config, logger: Logger): void {
  if (isLoopback(host)) return
  logger.warn(
    { host },
    'other machines can read and write all data: no encryption (--insecure-no-tls)',
  )
  logger.warn({ host }, 'other machines can read and write all data: no login (--insecure-no-auth)')
}
