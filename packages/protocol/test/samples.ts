/** One message of each shape, small enough to be damaged at every bit. */
import type { Answer } from '../src/answer.ts'
import { KvError } from '../src/errors.ts'
import { serverLimitsDefault } from '../src/limits.ts'
import type { Request } from '../src/request.ts'

const key = Buffer.from('user:1')
const value = Buffer.from('Ada')

export const requestSamples: readonly Request<Buffer>[] = [
  { kind: 'hello', versions: [1, 2], clientName: 'kv-client/0.1.0', token: 'secret' },
  { kind: 'ping' },
  { kind: 'put', key, value },
  {
    kind: 'put',
    key,
    value,
    options: {
      ifVersion: 7,
      ifAbsent: false,
      ttlMs: 60_000,
      durability: 'synced',
      session: 2 ** 52,
      seq: 300,
      ackLow: 299,
    },
    context: { timeoutMs: 1_000, traceContext: '00-4bf92f3577b34da6-00f067aa0ba902b7-01' },
  },
  { kind: 'get', key, options: { consistency: 'bounded', maxStalenessMs: 500, minIndex: 9 } },
  { kind: 'getMany', keys: [key, Buffer.from('__proto__'), Buffer.alloc(0)] },
  { kind: 'delete', key, options: { ifVersion: 7, durability: 'majority' } },
  {
    kind: 'batch',
    operations: [
      { type: 'put', key, value, conditions: { ifAbsent: true } },
      { type: 'delete', key, conditions: { ifVersion: 2 ** 40 } },
      { type: 'delete', key: Buffer.from([0, 255]) },
    ],
    options: { durability: 'written' },
  },
  {
    kind: 'range',
    bounds: { gt: key, prefix: Buffer.from('user:') },
    reverse: true,
    limit: 100,
    bytesMax: 65_536,
    keysOnly: false,
  },
  { kind: 'stats', context: { timeoutMs: 5 } },
  { kind: 'merge', action: 'now' },
  { kind: 'merge', action: 'resume' },
]

export const answerSamples: readonly (Answer<Buffer> | KvError)[] = [
  {
    kind: 'hello',
    version: 1,
    nodeId: 'n1',
    clusterId: 'c1',
    limits: serverLimitsDefault,
    leaderHint: '10.0.0.1:7411',
    serverVersion: '0.1.0',
  },
  { kind: 'ping', index: 2 ** 53 - 1 },
  { kind: 'put', version: 41, term: 3, durability: 'synced' },
  { kind: 'get', found: { value, version: 41, expiresAt: 1_900_000_000_000 } },
  { kind: 'get', found: undefined },
  { kind: 'getMany', found: [{ value, version: 41 }, undefined] },
  { kind: 'delete', existed: true, version: 42, term: 3, durability: 'majority' },
  { kind: 'delete', existed: false, term: 3, durability: 'written' },
  { kind: 'batch', version: 43, term: 3, durability: 'synced' },
  { kind: 'range', entries: [{ key, value, version: 41 }], more: true, resumeKey: key },
  { kind: 'range', entries: [{ key, version: 41 }], more: false },
  { kind: 'stats', stats: { keys: 2, segments: [{ id: 1, live: 0.5 }], name: 'n1', on: true } },
  { kind: 'merge', report: { segments: 3, bytesFreed: 2 ** 40, skipped: null } },
  new KvError('KV_NOT_LEADER', 'another node leads', { details: { leader: 'n2', term: 4 } }),
  new KvError('KV_TRY_LATER', 'too many requests in flight'),
]
