import { type Clock, systemClock } from './clock.ts'
import type { FileSystem } from './file-system/file-system.ts'
import { nodeFileSystem } from './file-system/node-file-system.ts'
import { frameRecordsLimit } from './frame.ts'
import { type Logger, silentLogger } from './logger.ts'
import { keyBytesLimit } from './record.ts'

/**
 * When a write is acknowledged.
 * - `always`: after its bytes are on the disk. Survives a power cut.
 * - `interval`: after the operating system has them; the disk follows within `syncIntervalMs`. Survives the
 *   death of the process; a power cut takes at most that interval, always the newest writes.
 * - `never`: as `interval`, with the disk following when the operating system likes.
 */
export type DurabilityMode = 'always' | 'interval' | 'never'

/** All optional; sizes in bytes, times in ms. */
export interface StoreOptions {
  /**
   * Open an existing store without changing a byte of its directory: what a crash has torn is read over, and every
   * write fails with KV_READ_ONLY. Default false.
   */
  readonly readOnly?: boolean
  /** Default `always`. */
  readonly durability?: DurabilityMode
  /** Between two syncs in `interval` mode. Default 1,000. */
  readonly syncIntervalMs?: number
  /** A segment is closed at this size. Default 64 MiB; at most 1 GiB. */
  readonly segmentBytes?: number
  /** Default and at most 65,535. */
  readonly keyBytesMax?: number
  /** Default 16 MiB; at most 512 MiB. */
  readonly valueBytesMax?: number
  /** Keys and values of one batch together. Default 32 MiB; at most 1 GiB. */
  readonly batchBytesMax?: number
  /** Default 10,000; at most 65,000. */
  readonly batchOperationsMax?: number
  /** Beyond this many bytes waiting to be written, writes are refused with KV_TRY_LATER. Default 64 MiB. */
  readonly pendingBytesMax?: number
  /** Descriptors kept open for reading. Default 256. */
  readonly openFilesMax?: number
  /**
   * Free space on the disk below which puts are refused with KV_DISK_FULL while deletes and merges go on; a sixteenth
   * of the disk at most. Default 64 MiB; 0 for none.
   */
  readonly diskReserveBytes?: number
  /** Merge by itself when enough is dead. Default true. */
  readonly autoMerge?: boolean
  /** Share of dead bytes from which files are merged, above 0 and up to 1. Default 0.5. */
  readonly mergeDeadRatioMin?: number
  /** Inputs of one merge together. Default 1 GiB. */
  readonly mergeInputBytesMax?: number
  /**
   * Memory for versions that were overwritten or deleted while a snapshot or a range saw them; beyond it the oldest one
   * expires. Default 64 MiB.
   */
  readonly snapshotMemoryBytesMax?: number
  /** A snapshot or a range that is not read from for so long expires. Default 300,000. */
  readonly snapshotIdleMs?: number
  readonly logger?: Logger
  /** Called once when a disk error has ended all writing. A server ends its process here. */
  readonly onFailure?: (error: unknown) => void
  /** The door to the disk. Default: the real one. */
  readonly fileSystem?: FileSystem
  /** The door to time. Default: the real one. */
  readonly clock?: Clock
}

export type StoreConfiguration = Readonly<Required<StoreOptions>>

const kibi = 1024
const mebi = 1024 * kibi
const gibi = 1024 * mebi

const defaults: StoreConfiguration = {
  readOnly: false,
  durability: 'always',
  syncIntervalMs: 1_000,
  segmentBytes: 64 * mebi,
  keyBytesMax: keyBytesLimit,
  valueBytesMax: 16 * mebi,
  batchBytesMax: 32 * mebi,
  batchOperationsMax: 10_000,
  pendingBytesMax: 64 * mebi,
  openFilesMax: 256,
  diskReserveBytes: 64 * mebi,
  autoMerge: true,
  mergeDeadRatioMin: 0.5,
  mergeInputBytesMax: gibi,
  snapshotMemoryBytesMax: 64 * mebi,
  snapshotIdleMs: 300_000,
  logger: silentLogger,
  onFailure: () => undefined,
  fileSystem: nodeFileSystem,
  clock: systemClock,
}

/** The smallest and the largest value of each numeric option. */
const bounds = {
  syncIntervalMs: [1, 3_600_000],
  segmentBytes: [256, gibi],
  keyBytesMax: [1, keyBytesLimit],
  valueBytesMax: [0, 512 * mebi],
  batchBytesMax: [1, gibi],
  batchOperationsMax: [1, Math.min(65_000, frameRecordsLimit)],
  pendingBytesMax: [64 * kibi, 4 * gibi],
  openFilesMax: [4, 100_000],
  diskReserveBytes: [0, 1024 * gibi],
  mergeDeadRatioMin: [0.01, 1],
  mergeInputBytesMax: [256, Number.MAX_SAFE_INTEGER],
  snapshotMemoryBytesMax: [0, 4 * gibi],
  snapshotIdleMs: [1, 2 ** 31 - 1],
} as const satisfies Partial<Record<keyof StoreOptions, readonly [number, number]>>

/** Fills in defaults. Throws `TypeError` for an unknown option or mode and `RangeError` for a value out of bounds. */
export function configure(options: StoreOptions): StoreConfiguration {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name] of given) {
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(
        `unknown store option '${name}'; there are: ${Object.keys(defaults).join(', ')}`,
      )
    }
  }
  const configuration: StoreConfiguration = Object.freeze({
    ...defaults,
    ...Object.fromEntries(given),
  })
  for (const [name, [min, max]] of Object.entries(bounds)) {
    const value: unknown = configuration[name as keyof typeof bounds]
    const isWhole = Number.isInteger(value) || name === 'mergeDeadRatioMin'
    if (typeof value !== 'number' || !isWhole || !(value >= min && value <= max)) {
      throw new RangeError(
        `store option ${name} must be from ${min} to ${max}, not ${String(value)}`,
      )
    }
  }
  for (const name of ['readOnly', 'autoMerge'] as const) {
    if (typeof configuration[name] !== 'boolean') {
      throw new TypeError(
        `store option ${name} must be true or false, not ${String(configuration[name])}`,
      )
    }
  }
  if (!['always', 'interval', 'never'].includes(configuration.durability)) {
    throw new TypeError(
      `store option durability must be always, interval or never, not '${configuration.durability}'`,
    )
  }
  return configuration
}
