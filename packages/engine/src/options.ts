import { type Clock, systemClock } from './clock.ts'
import { notOpened } from './data-directory.ts'
import type { FileSystem } from './file-system/file-system.ts'
import { nodeFileSystem } from './file-system/node-file-system.ts'
import { frameRecordsLimit } from './frame.ts'
import { type Logger, silentLogger } from './logger.ts'
import { refuseUnknownNames } from './option-names.ts'
import { checkFunction, checkMethods, checkSwitch } from './option-values.ts'
import { keyBytesLimit } from './record.ts'
import { shown } from './shown-value.ts'

/**
 * When a write is acknowledged.
 * - `always`: after its bytes are on the disk. Survives a power cut.
 * - `interval`: after the operating system has them; the disk follows within `syncIntervalMs`, or when 4 MiB wait. Survives the
 *   death of the process; a power cut takes at most that interval, always the newest writes.
 * - `never`: as `interval`, with the disk following when the operating system likes.
 */
export type DurabilityMode = 'always' | 'interval' | 'never'

/** All optional; sizes in bytes, times in ms. Unknown options are a `TypeError`, values out of bounds a `RangeError`. */
export interface StoreOptions {
  /**
   * Open an existing store without changing a byte of its directory: what a crash has torn is read over, and every
   * write fails with KV_READ_ONLY. Default false.
   */
  readonly readOnly?: boolean
  /** Default `always`. */
  readonly durability?: DurabilityMode
  /** Between two syncs in `interval` mode. Default 1,000; from 1 to 3,600,000. */
  readonly syncIntervalMs?: number
  /** A segment is closed at this size. Default 64 MiB; from 256 bytes to 1 GiB. */
  readonly segmentBytes?: number
  /** A longer key is KV_KEY_TOO_LARGE. Default and at most 65,535. */
  readonly keyBytesMax?: number
  /** A longer value is KV_VALUE_TOO_LARGE. Default 16 MiB; at most 512 MiB. */
  readonly valueBytesMax?: number
  /** Keys and values of one batch together, beyond which it is KV_BATCH_TOO_LARGE. Default 32 MiB; at most 1 GiB. */
  readonly batchBytesMax?: number
  /** Operations of one batch, beyond which it is KV_BATCH_TOO_LARGE. Default 10,000; at most 65,000. */
  readonly batchOperationsMax?: number
  /** Beyond this many bytes waiting to be written, writes are refused with KV_TRY_LATER. Default 64 MiB; from 64 KiB to 4 GiB. */
  readonly pendingBytesMax?: number
  /** Descriptors kept open for reading. Default 256; from 4 to 100,000. */
  readonly openFilesMax?: number
  /**
   * Memory for blocks of data files that were read lately: a record in one costs no system call. Taken as it fills;
   * what the operating system caches comes on top. Default 64 MiB; 0 for none, at most 2 GiB.
   */
  readonly cacheBytesMax?: number
  /**
   * Free space on the disk below which puts are refused with KV_DISK_FULL while deletes and merges go on; a sixteenth
   * of the disk at most. Default 64 MiB; 0 for none, at most 1 TiB.
   */
  readonly diskReserveBytes?: number
  /**
   * Memory for the keydir, which holds all keys, beyond which puts of new keys are refused with KV_MEMORY_FULL. Default
   * unlimited: how much of the memory is the store's, only its program knows.
   */
  readonly keydirBytesMax?: number
  /** Merge by itself when enough is dead. Default true. */
  readonly autoMerge?: boolean
  /**
   * Share of dead bytes in the whole store from which merges start and take the deadest files, above 0 and up to 1. The
   * lower, the less space, and the more is copied: with 0.3 about as much as is written. Default 0.3.
   */
  readonly mergeDeadRatioMin?: number
  /** Inputs of one merge together, in bytes. Default 1 GiB; at least 256 bytes. */
  readonly mergeInputBytesMax?: number
  /**
   * Bytes that merges read and write a second at most, together, beside the pace that they find by themselves; too low
   * a bound lets space grow. On a disk down to its reserve it does not hold. Default 0, for none.
   */
  readonly mergeBytesPerSecondMax?: number
  /**
   * Memory for versions that were overwritten or deleted while a snapshot or a range saw them; beyond it the oldest one
   * expires. Default 64 MiB; at most 4 GiB.
   */
  readonly snapshotMemoryBytesMax?: number
  /** A snapshot or a range that is not read from for so long expires. Default 300,000; from 1 to 2^31 - 1. */
  readonly snapshotIdleMs?: number
  /** Who hears what no caller is told: torn tails, merges, what is tried again. Default: nobody. */
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
  cacheBytesMax: 64 * mebi,
  diskReserveBytes: 64 * mebi,
  keydirBytesMax: Number.MAX_SAFE_INTEGER,
  autoMerge: true,
  mergeDeadRatioMin: 0.3,
  mergeInputBytesMax: gibi,
  mergeBytesPerSecondMax: 0,
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
  cacheBytesMax: [0, 2 * gibi],
  diskReserveBytes: [0, 1024 * gibi],
  keydirBytesMax: [mebi, Number.MAX_SAFE_INTEGER],
  mergeDeadRatioMin: [0.01, 1],
  mergeInputBytesMax: [256, Number.MAX_SAFE_INTEGER],
  mergeBytesPerSecondMax: [0, 1024 * gibi],
  snapshotMemoryBytesMax: [0, 4 * gibi],
  snapshotIdleMs: [1, 2 ** 31 - 1],
} as const satisfies Partial<Record<keyof StoreOptions, readonly [number, number]>>

/** Fills in defaults. Throws `TypeError` for an unknown option or mode and `RangeError` for a value out of bounds. */
export function configure(options: StoreOptions): StoreConfiguration {
  refuseUnknownNames(options, Object.keys(defaults), 'store option', notOpened)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const configuration: StoreConfiguration = Object.freeze({
    ...defaults,
    ...Object.fromEntries(given),
  })
  for (const [name, [min, max]] of Object.entries(bounds)) {
    const value: unknown = configuration[name as keyof typeof bounds]
    const isWhole = Number.isInteger(value) || name === 'mergeDeadRatioMin'
    if (typeof value !== 'number' || !isWhole || !(value >= min && value <= max)) {
      throw new RangeError(
        `store option ${name} must be a ${name === 'mergeDeadRatioMin' ? '' : 'whole '}number from ${min} to ${max}, not ${shown(value)}; ${notOpened}`,
      )
    }
  }
  for (const name of ['readOnly', 'autoMerge'] as const) {
    checkSwitch(configuration[name], `store option ${name}`, notOpened)
  }
  if (!['always', 'interval', 'never'].includes(configuration.durability)) {
    throw new TypeError(
      `store option durability must be always, interval or never, not ${shown(configuration.durability)}; ${notOpened}`,
    )
  }
  checkFunction(configuration.onFailure, 'store option onFailure', notOpened)
  for (const name of ['logger', 'fileSystem', 'clock'] as const) {
    checkMethods(configuration[name], name, `store option ${name}`, notOpened)
  }
  return configuration
}
