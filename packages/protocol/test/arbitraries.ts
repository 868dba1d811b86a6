/** Every message there can be, in the form in which it is decoded: absent options are undefined. */
import * as fc from 'fast-check'
import type { Answer } from '../src/answer.ts'
import type { ErrorCode } from '../src/error-codes.ts'
import { errorTable } from '../src/error-codes.ts'
import { KvError } from '../src/errors.ts'
import type { Consistency, Durability } from '../src/kinds.ts'
import type { Plain, PlainMap } from '../src/plain.ts'
import type { Request } from '../src/request.ts'

export const requestId: fc.Arbitrary<number> = fc.integer({ min: 1, max: 0xffff_ffff })

const bytes = fc
  .oneof(
    { weight: 80, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 20, arbitrary: fc.constantFrom('__proto__', 'constructor', '').map(utf8) },
    { weight: 5, arbitrary: fc.constantFrom(0xff, 0x100).map(sized) },
    { weight: 1, arbitrary: fc.constantFrom(0xffff, 0x1_0000).map(sized) },
  )
  .map((value) => Buffer.from(value))
const uint = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000),
)
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const durability = fc.constantFrom<Durability>('written', 'synced', 'majority')
const consistency = fc.constantFrom<Consistency>('linearizable', 'lease', 'bounded', 'any')

function utf8(text: string): Uint8Array {
  return Buffer.from(text)
}

function sized(length: number): Uint8Array {
  return new Uint8Array(length).fill(7)
}

function optional<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined })
}

/** Options without any are none. */
function options<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return optional(
    fc.record(fields).filter((value) => Object.values(value).some((field) => field !== undefined)),
  )
}

const writeFields = {
  durability: optional(durability),
  session: optional(uint),
  seq: optional(uint),
  ackLow: optional(uint),
}
const readOptions = options({
  consistency: optional(consistency),
  maxStalenessMs: optional(uint),
  minIndex: optional(uint),
})
const context = options({ timeoutMs: optional(uint), traceContext: optional(text) })
const operation = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    key: bytes,
    value: bytes,
    conditions: options({ ifVersion: optional(uint), ifAbsent: optional(fc.boolean()) }),
  }),
  fc.record({
    type: fc.constant('delete' as const),
    key: bytes,
    conditions: options({ ifVersion: optional(uint) }),
  }),
)

export const request: fc.Arbitrary<Request<Buffer>> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    versions: fc.array(uint, { maxLength: 32 }),
    clientName: text,
    token: optional(text),
    context,
  }),
  fc.record({ kind: fc.constantFrom('ping' as const, 'stats' as const), context }),
  fc.record({
    kind: fc.constant('put' as const),
    key: bytes,
    value: bytes,
    options: options({
      ifVersion: optional(uint),
      ifAbsent: optional(fc.boolean()),
      ttlMs: optional(uint),
      ...writeFields,
    }),
    context,
  }),
  fc.record({ kind: fc.constant('get' as const), key: bytes, options: readOptions, context }),
  fc.record({
    kind: fc.constant('getMany' as const),
    keys: fc.array(bytes, { maxLength: 20 }),
    options: readOptions,
    context,
  }),
  fc.record({
    kind: fc.constant('delete' as const),
    key: bytes,
    options: options({ ifVersion: optional(uint), ...writeFields }),
    context,
  }),
  fc.record({
    kind: fc.constant('batch' as const),
    operations: fc.array(operation, { maxLength: 20 }),
    options: options(writeFields),
    context,
  }),
  fc.record({
    kind: fc.constant('range' as const),
    bounds: fc.record({
      gte: optional(bytes),
      gt: optional(bytes),
      lte: optional(bytes),
      lt: optional(bytes),
      prefix: optional(bytes),
    }),
    reverse: fc.boolean(),
    limit: optional(uint),
    bytesMax: optional(uint),
    keysOnly: fc.boolean(),
    options: readOptions,
    context,
  }),
  fc.record({
    kind: fc.constant('merge' as const),
    action: fc.constantFrom('now' as const, 'pause' as const, 'resume' as const),
    context,
  }),
)

const plainLeaf: fc.Arbitrary<Plain> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeNat(),
  fc.double({ noNaN: true }).map((value) => value + 0),
  text,
  fc.uint8Array({ maxLength: 8 }).map((value) => Buffer.from(value)),
)

function plainAtDepth(depth: number): fc.Arbitrary<Plain> {
  if (depth === 0) return plainLeaf
  const item = plainAtDepth(depth - 1)
  return fc.oneof(plainLeaf, fc.array(item, { maxLength: 4 }), plainMapOf(item))
}

function plainMapOf(item: fc.Arbitrary<Plain>): fc.Arbitrary<PlainMap> {
  const key = fc
    .oneof(text, fc.constantFrom('constructor', 'toString', 'toJSON', 'hasOwnProperty'))
    .filter((name) => name !== '__proto__')
  return fc.dictionary(key, item, { maxKeys: 4, noNullPrototype: false }).map(withoutPrototype)
}

function withoutPrototype<T extends object>(map: T): T {
  return Object.assign(Object.create(null), map)
}

export const plainMap: fc.Arbitrary<PlainMap> = plainMapOf(plainAtDepth(3))

const found = optional(fc.record({ value: bytes, version: uint, expiresAt: optional(uint) }))
const written = { term: uint, durability }

export const answer: fc.Arbitrary<Answer<Buffer>> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    version: uint,
    nodeId: text,
    clusterId: text,
    limits: fc.record({
      keyBytesMax: uint,
      valueBytesMax: uint,
      batchBytesMax: uint,
      batchOpsMax: uint,
      frameBytesMax: uint,
      inFlightMax: uint,
    }),
    leaderHint: optional(text),
    serverVersion: text,
  }),
  fc.record({ kind: fc.constant('ping' as const), index: uint }),
  fc.record({
    kind: fc.constantFrom('put' as const, 'batch' as const),
    version: uint,
    ...written,
  }),
  fc.record({ kind: fc.constant('get' as const), found }),
  fc.record({ kind: fc.constant('getMany' as const), found: fc.array(found, { maxLength: 20 }) }),
  fc.record({
    kind: fc.constant('delete' as const),
    existed: fc.boolean(),
    version: optional(uint),
    ...written,
  }),
  fc.record({
    kind: fc.constant('range' as const),
    entries: fc.array(fc.record({ key: bytes, value: optional(bytes), version: uint }), {
      maxLength: 20,
    }),
    more: fc.boolean(),
    resumeKey: optional(bytes),
  }),
  fc.record({ kind: fc.constant('stats' as const), stats: plainMap }),
  fc.record({ kind: fc.constant('merge' as const), report: plainMap }),
)

export const kvError: fc.Arbitrary<KvError> = fc
  .record({
    code: fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])),
    message: text,
    details: optional(plainMap),
  })
  .map(({ code, message, details }) => new KvError(code, message, { details }))
