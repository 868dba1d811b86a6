/** What the store is to reach, and which numbers of a run decide it. */
import { atLeast, atMost, type Target, type TargetPart } from './target.ts'

const redis = { product: 'redis', title: 'the best Redis client' }
const etcd = { product: 'etcd', title: 'etcd' }
const lmdb = { product: 'lmdb', title: 'lmdb' }
const leveldb = { product: 'leveldb', title: 'classic-level' }
const replication = 'replication'
const nodeLimit =
  "With hundreds in flight the node's one thread is busy all the time: with lookups in the keydir, views of bytes and checksums, and with the system calls of its log and of its socket. Its worker, which sorts the keys of full segments, takes of the same two cores. Tried: the first request of a turn leaves at once, so that client and node work at the same time (decision 0016); answers and values in memory that is used again (0017)"
const syncLimit =
  'A group of puts waits for its sync, and until then client and node have nothing to do. Tried: to send the first requests of a turn at once, which makes two groups of one and is a third slower with ten in flight (decision 0016); to sync in the same turn, without the way to another thread, which gains an eighth with 1 or 50 in flight, and makes everybody else wait for the disk'
const mostKeys = '10,000,000 keys'

export const targets: readonly Target[] = [
  {
    id: 'P1',
    text: 'put through @kv/client, synced every second, against Redis with AOF everysec',
    parts: [
      throughput('put', 'new, 50 in flight', redis, 1.3),
      throughput('put', 'new, 500 in flight', redis, 2),
    ],
    limit: nodeLimit,
  },
  {
    id: 'P2',
    text: 'put through @kv/client, synced before the answer, against Redis with AOF always and etcd',
    parts: [
      throughput('put-synced', 'new, 50 in flight', redis, 1.3),
      throughput('put-synced', 'new, 500 in flight', redis, 1.5),
      throughput('put-synced', 'new, 50 in flight', etcd, 10),
      throughput('put-synced', 'new, 500 in flight', etcd, 10),
    ],
    limit: syncLimit,
  },
  {
    id: 'P3',
    text: 'get through @kv/client, values on disk and in the page cache, against Redis',
    parts: [
      throughput('get', 'uniform, 50 in flight', redis, 1),
      throughput('get', 'uniform, 500 in flight', redis, 2),
    ],
    limit: nodeLimit,
  },
  {
    id: 'P4',
    text: 'synced put, 1 in flight: median latency against the bare machine and Redis with AOF always',
    parts: [
      {
        workload: 'put-synced',
        case: 'new, 1 in flight',
        metric: 'p50',
        // Of the two ways to sync the faster one: the harder to keep up with.
        base: { machine: ['fdatasync, prepared space', 'loopback echo'] },
        bound: atMost(1.4),
      },
      {
        workload: 'put-synced',
        case: 'new, 1 in flight',
        metric: 'p50',
        base: redis,
        bound: atMost(1),
      },
    ],
    limit:
      'The way over the network, and to the thread that syncs and back: a lone put waits for each in turn',
  },
  {
    id: 'P5',
    text: 'embedded, without sync: put, get, and range after a merge',
    parts: [
      throughput('embedded', 'put', lmdb, 4),
      throughput('embedded', 'put', leveldb, 3),
      throughput('embedded', 'get', lmdb, 1),
      {
        workload: 'embedded',
        case: 'range of 1000',
        metric: 'entries',
        base: lmdb,
        bound: atLeast(1),
      },
    ],
    limit:
      'Put: promise, record, checksum, hash, order and the driver share one thread, and no part of it takes more than a tenth (profile of embedded). Tried: puts and batches without an allocation, late entries in the leaves of the order (decision 0012), splits of the hash that look at no keys (0013), larger writes; sorted runs in front of the order gain a tenth to a fifth of its part (0007, 0013). Get: the system call for what the cache of blocks does not hold, what waits for memory (hash, entry, block), a copy and a checksum. Range: checksums, and a buffer for each key and value with its collection. lmdb hands out text from its map, and checks nothing',
  },
  {
    id: 'P6',
    text: 'batch of 1000 puts, embedded',
    parts: [throughput('embedded', 'batch of 1000', leveldb, 1.2)],
    limit: 'As put: a batch saves promises, not hash and order',
  },
  {
    id: 'P7',
    text: 'memory at 10 M keys of 16 B, the store alone',
    parts: [
      {
        workload: 'load',
        case: mostKeys,
        metric: 'rssPerKey',
        bound: atMost(60.5, '44.5 B + 16 B of key'),
      },
      {
        workload: 'open',
        case: `clean close, ${mostKeys}`,
        metric: 'rssPerKey',
        bound: atMost(60.5, '44.5 B + 16 B of key'),
      },
      { workload: 'load', case: mostKeys, metric: 'heap', bound: atMost(100e6, '100 MB') },
    ],
    aside: 'whether the heap stays flat is for the table of load to show',
    limit:
      "Right after the load V8 keeps the pages of a young generation that grew with the load's own garbage, and the allocator what batches took and gave back: of 78 B a key the keydir has 54, V8's heap of the thread that loads 14, the allocator 7. A process that opened the store is at the bound, a little below or above from run to run (open). Tried: a small heap for the worker (decision 0008)",
  },
  {
    id: 'P8',
    text: 'event-loop stalls while 10 M keys are loaded and merged',
    parts: [
      { workload: 'load', case: mostKeys, metric: 'stallP999', bound: atMost(10) },
      {
        workload: 'load',
        case: mostKeys,
        metric: 'stallMax',
        bound: atMost(30),
        everyRound: true,
      },
    ],
    limit:
      'No single piece of work: with two cores the main thread waits while collector and compiler threads of V8 and the worker of the store run, and for memory that the system hands out for the first time. Tried: frames of 1,024 records and answers in slices of 1 ms, splits of the hash spread out and without a look at keys (decision 0013), a worker of lower priority, fewer helper threads of V8; the last two made no difference',
  },
  {
    id: 'P9',
    text: 'open 10 M keys after kill -9 and after a clean close',
    parts: [
      { workload: 'open', case: `kill -9, ${mostKeys}`, metric: 'openTime', bound: atMost(15) },
      { workload: 'open', case: `clean close, ${mostKeys}`, metric: 'openTime', bound: atMost(3) },
    ],
    aside: 'whether it grows with keys, not with values, is for the table of open to show',
  },
  {
    id: 'P10',
    text: 'data of ten times the memory: gets against bare random reads, puts against warm ones',
    parts: [
      {
        workload: 'larger-than-memory',
        case: 'get, beyond memory',
        metric: 'throughput',
        base: { machine: ['random reads'] },
        bound: atLeast(0.8),
      },
      ownCase('larger-than-memory', 'put, beyond memory', 'p99', 'put, warm', 2),
    ],
    limit:
      'Every value is memory of its own, which is collected; the bare reads use theirs again. One thread of the pool is left to the log. A process that V8 lets have a large young generation collects all of its heap 25 times a second at this rate, and reaches three quarters (packages/engine/README.md); one that starts under its limit, as a container does, has a small one',
  },
  {
    id: 'P11',
    text: 'while a merge runs, at half load; space at steady overwrite',
    parts: [
      ownCase('merge', 'get, merging', 'p99', 'get, no merge', 1.5),
      ownCase('merge', 'put, merging', 'p99', 'put, no merge', 1.5),
      {
        workload: 'merge',
        case: 'steady overwrite',
        metric: 'spaceAmplification',
        bound: atMost(2),
      },
    ],
    limit: 'The merge takes a part of the second of two cores, which client and node share',
  },
  {
    id: 'P12',
    text: 'range of 100 of 1 M keys, cold, after a merge, against 100 gets',
    parts: [
      { workload: 'range-cold', case: 'range of 100', metric: 'diskReads', bound: atMost(3) },
      {
        workload: 'range-cold',
        case: 'range of 100',
        metric: 'entries',
        base: { case: '100 gets' },
        bound: atLeast(5),
      },
    ],
    limit:
      'Behind a merge, gets of neighbours find the page that the first of them brought: both sides wait for the disk once, and the rest is what gets cost in memory',
  },
  {
    id: 'P13',
    text: 'CPU per operation at 10 M keys against 100 k keys',
    parts: ['put', 'get'].map((kind) =>
      ownCase('growth', `${kind}, ${mostKeys}`, 'cpuPerOperation', `${kind}, 100,000 keys`, 1.6),
    ),
    limit:
      "At 100,000 keys everything is in the processor's caches or in the cache of blocks (decision 0011); at 10 M a get waits for memory and calls the system. Gets became cheaper at both sizes, at the smaller one more",
  },
  {
    id: 'P14',
    text: 'three nodes on one machine, majority writes, 500 in flight: ≥ 5× a three-node etcd',
    parts: [],
    notYet: replication,
  },
  {
    id: 'P15',
    text: 'kill -9 of the leader under load: p99 of the gap ≤ 1 s over 30 kills, nothing acknowledged lost',
    parts: [],
    notYet: replication,
  },
  {
    id: 'P16a',
    text: 'a node without data and without work',
    parts: [
      { workload: 'idle', case: 'empty node', metric: 'cpuShare', bound: atMost(1) },
      { workload: 'idle', case: 'empty node', metric: 'rss', bound: atMost(80e6, '80 MB') },
    ],
    limit:
      "Most of it is Node, and the rest mainly code (pino, yargs, the engine) and some 7 MiB of V8's young generation, which grows while that is loaded. A smaller one (--max-semi-space-size=1) would be within the bound, and make all else slower",
  },
  {
    id: 'P16b',
    text: 'a cluster of three nodes without work: ≤ 3 % of one core a node',
    parts: [],
    notYet: replication,
  },
]

function throughput(
  workload: string,
  caseName: string,
  base: NonNullable<TargetPart['base']>,
  factor: number,
): TargetPart {
  return { workload, case: caseName, metric: 'throughput', base, bound: atLeast(factor) }
}

function ownCase(
  workload: string,
  caseName: string,
  metric: TargetPart['metric'],
  base: string,
  factor: number,
): TargetPart {
  return { workload, case: caseName, metric, base: { case: base }, bound: atMost(factor) }
}
