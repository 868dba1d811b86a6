/**
 * The schema of the server's settings: names, types, bounds, defaults and what `--help` says. config.ts reads
 * them from flags, environment and file.
 */
import type { DurabilityMode } from '@kv/engine'
import {
  bytes,
  choice,
  count,
  gibi,
  kibi,
  mebi,
  milliseconds,
  type Setting,
  share,
  text,
  toggle,
} from './setting.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
export type LogFormat = 'auto' | 'json' | 'pretty'

/** Sizes in bytes, times in ms. Frozen. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly durability: DurabilityMode
  readonly syncIntervalMs: number
  readonly segmentBytes: number
  readonly keyBytesMax: number
  readonly valueBytesMax: number
  readonly batchBytesMax: number
  readonly batchOpsMax: number
  readonly pendingBytesMax: number
  readonly openFilesMax: number
  readonly cacheBytesMax: number
  readonly diskReserveBytes: number
  readonly keydirBytesMax: number
  readonly autoMerge: boolean
  readonly mergeDeadRatioMin: number
  readonly mergeBytesPerSecondMax: number
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly inFlightMax: number
  readonly inFlightBytesMax: number
  readonly heldBytesMax: number
  readonly outputBytesPause: number
  readonly outputBytesSlow: number
  readonly outputSlowMs: number
  readonly outputBytesMax: number
  readonly helloTimeoutMs: number
  readonly frameTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly insecureNoTls: boolean
  readonly insecureNoAuth: boolean
}

const hourMs = 3_600_000

/** Each with the bounds that the engine and the protocol set, where they do. */
export const settings: { readonly [Name in keyof Config]: Setting<Config[Name]> } = {
  host: text('127.0.0.1', 'an address of this machine', 'Address to listen on.'),
  port: count(7_411, 0, 65_535, 'TCP port to listen on; 0 takes a free one.'),
  dataDir: text(
    './data',
    'a directory',
    'Directory of the data; created when missing, its parent must exist.',
  ),
  durability: choice<DurabilityMode>(
    'always',
    ['always', 'interval', 'never'],
    'When a write is answered: once it is on the disk; once the system has it, and on the disk within the interval; or that without the interval.',
  ),
  syncIntervalMs: milliseconds(1_000, 1, hourMs, 'Between two syncs with --durability interval.'),
  segmentBytes: bytes(64 * mebi, 256, gibi, 'Size at which a data file is closed.'),
  keyBytesMax: bytes(65_535, 1, 65_535, 'Longest key.'),
  valueBytesMax: bytes(16 * mebi, 0, 512 * mebi, 'Longest value.'),
  batchBytesMax: bytes(32 * mebi, 64 * kibi, gibi, 'Keys and values of one batch together.'),
  batchOpsMax: count(10_000, 1, 65_000, 'Operations of one batch; keys of one getMany.'),
  pendingBytesMax: bytes(
    64 * mebi,
    64 * kibi,
    4 * gibi,
    'Bytes that wait for the disk, beyond which writes are refused with KV_TRY_LATER.',
  ),
  openFilesMax: count(256, 4, 100_000, 'Data files kept open for reading.'),
  cacheBytesMax: bytes(
    64 * mebi,
    0,
    2 * gibi,
    'Memory for what was read lately, beside what the system caches; taken as it fills.',
  ),
  diskReserveBytes: bytes(
    64 * mebi,
    0,
    1024 * gibi,
    'Free space on the disk below which puts are refused; a sixteenth of the disk at most.',
  ),
  keydirBytesMax: bytes(
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'Memory for the keys, beyond which new ones are refused with KV_MEMORY_FULL; 0 for half of the memory that the process may use beyond 128 MiB.',
  ),
  autoMerge: toggle(true, 'Reclaim the space of dead records when there is enough of it.', false),
  mergeDeadRatioMin: share(
    0.3,
    0.01,
    'Share of dead bytes in the whole store from which the deadest files are merged.',
  ),
  mergeBytesPerSecondMax: bytes(
    0,
    0,
    1024 * gibi,
    'Bytes that merges read and write a second at most; 0 for no bound but the pace that they find themselves.',
  ),
  connectionsMax: count(10_000, 1, 1_000_000, 'Connections at once; further ones are refused.'),
  connectionsPerAddressMax: count(1_000, 1, 1_000_000, 'Of these, from one address.'),
  inFlightMax: count(
    1_024,
    1,
    1_000_000,
    'Unanswered requests of a connection, beyond which it is not read.',
  ),
  inFlightBytesMax: bytes(
    64 * mebi,
    64 * kibi,
    4 * gibi,
    'Their bytes, beyond which the connection is not read.',
  ),
  heldBytesMax: bytes(
    256 * mebi,
    mebi,
    64 * gibi,
    'Bytes received, in flight and waiting to be sent, of all connections, beyond which requests are refused with KV_TRY_LATER.',
  ),
  outputBytesPause: bytes(
    mebi,
    kibi,
    gibi,
    'Bytes waiting to be sent, beyond which a connection is not read.',
  ),
  outputBytesSlow: bytes(
    8 * mebi,
    kibi,
    gibi,
    'Bytes waiting to be sent that a connection may have for --output-slow-ms.',
  ),
  outputSlowMs: milliseconds(10_000, 1, hourMs, 'After so long above it, it is cut.'),
  outputBytesMax: bytes(
    32 * mebi,
    kibi,
    4 * gibi,
    'Bytes waiting to be sent, beyond which it is cut.',
  ),
  helloTimeoutMs: milliseconds(5_000, 1, hourMs, 'From connecting to a whole hello.'),
  frameTimeoutMs: milliseconds(30_000, 1, hourMs, 'From the first to the last byte of a request.'),
  writeTimeoutMs: milliseconds(
    30_000,
    1,
    hourMs,
    'A client that takes nothing of its answers for so long is cut.',
  ),
  idleTimeoutMs: milliseconds(
    300_000,
    1,
    24 * hourMs,
    'A connection without requests for so long is closed; a ping is one.',
  ),
  drainTimeoutMs: milliseconds(
    10_000,
    0,
    hourMs,
    'When stopping: how long requests in flight may take to end.',
  ),
  logLevel: choice<LogLevel>(
    'info',
    ['debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'From which level lines are logged; keys show at debug only, values never.',
  ),
  logFormat: choice<LogFormat>(
    'auto',
    ['auto', 'json', 'pretty'],
    'auto is pretty on a terminal and json elsewhere.',
  ),
  insecureNoTls: toggle(
    false,
    'Allow an address that other machines reach, without encryption.',
    true,
  ),
  insecureNoAuth: toggle(
    false,
    'Allow an address that other machines reach, without credentials.',
    true,
  ),
}
