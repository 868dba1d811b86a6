import type { Durability } from '../sessions/session.ts'

/** A file of `sessions/`, without its ending. */
export type SessionName =
  | 'kv-client'
  | 'ioredis'
  | 'ioredis-pipelining'
  | 'node-redis'
  | 'redis-socket'
  | 'etcd3'
  | 'nats-kv'
  | 'kv-engine'
  | 'lmdb'
  | 'classic-level'
  | 'sqlite'

/** Something that is measured: a product, the library it is used through, and how it is set up. */
export interface Subject {
  /** As `--peers` takes it. */
  readonly name: string
  readonly title: string
  /** `network`: a server process and a client; `embedded`: a library in the driver's own process. */
  readonly kind: 'network' | 'embedded'
  readonly session: SessionName
  /** Variables that its documentation advises for the process that has it in it. */
  readonly environment?: NodeJS.ProcessEnv
  /** Peers of one product; a target compares with the best of them. */
  readonly product: 'kv' | 'redis' | 'etcd' | 'nats' | 'lmdb' | 'leveldb' | 'sqlite'
  /** Whether it can be measured here. */
  find(): Promise<Availability>
  /**
   * How it acknowledges when asked for `durability`, and every option that is not its default; undefined when
   * it has no such mode.
   */
  setup(durability: Durability): Setup | undefined
  /** Starts its server on `directory`, which exists, on a free port of 127.0.0.1. `network` only. */
  serve?(directory: string, durability: Durability): Promise<Server>
}

export interface Setup {
  /** In words: when a write is acknowledged. */
  readonly acknowledges: string
  /** Every option that is not the product's default, as given. */
  readonly options: readonly string[]
}

export type Availability =
  | { readonly found: true; readonly versions: Readonly<Record<string, string>> }
  /** `install`: the one command that brings it. */
  | { readonly found: false; readonly reason: string; readonly install: string }

/** A running server, answering requests. */
export interface Server {
  readonly port: number
  readonly pid: number
  /** Ends it as its documentation says, by its pid, and waits. */
  stop(): Promise<void>
  /** `kill -9`, and waits. */
  kill(): Promise<void>
}
