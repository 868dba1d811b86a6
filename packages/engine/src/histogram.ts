/** Times of one kind, in ms. */
export interface LatencySummary {
  /** How many times were noted. The others are 0 when there was none. */
  readonly count: number
  /** Half of them took no longer. */
  readonly p50Ms: number
  /** 99 of 100 took no longer. */
  readonly p99Ms: number
  /** The longest, exactly. */
  readonly maxMs: number
}

const subBucketBits = 6
const subBuckets = 1 << subBucketBits
/** Up to 2^31 times 100 ns: 3.5 minutes. */
const exponents = 32 - subBucketBits
const ticksPerMs = 10_000
const ticksMax = 2 ** 31 - 1

/**
 * A histogram of times, with a relative error of at most 1.6 %, in constant memory: buckets whose width doubles
 * every 64 of them, as in Tene's HdrHistogram. Noting a time takes some ns.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(subBuckets * (exponents + 1))
  #count = 0
  #maxMs = 0

  /** Notes a time, in ms: below 0 it counts as 0, and beyond 3.5 minutes as that. */
  record(ms: number): void {
    this.#counts[bucketOf(Math.min(ticksMax, Math.max(0, Math.round(ms * ticksPerMs))))]! += 1
    this.#count++
    if (ms > this.#maxMs) this.#maxMs = ms
  }

  /** Of all that was noted so far; the caller's own. */
  summary(): LatencySummary {
    return {
      count: this.#count,
      p50Ms: this.#percentile(0.5),
      p99Ms: this.#percentile(0.99),
      maxMs: this.#maxMs,
    }
  }

  /** The time that the share `rank` of all does not exceed. */
  #percentile(rank: number): number {
    const wanted = Math.ceil(this.#count * rank)
    if (wanted === 0) return 0
    let seen = 0
    const bucket = this.#counts.findIndex((count) => (seen += count) >= wanted)
    return Math.min(bucketEnd(bucket) / ticksPerMs, this.#maxMs)
  }
}

function bucketOf(ticks: number): number {
  if (ticks < subBuckets) return ticks
  const exponent = 31 - Math.clz32(ticks) - subBucketBits
  return (exponent << subBucketBits) + (ticks >>> exponent)
}

/** The largest time that falls into a bucket, in ticks. */
function bucketEnd(bucket: number): number {
  if (bucket < 2 * subBuckets) return bucket
  const exponent = (bucket >>> subBucketBits) - 1
  const first = (bucket & (subBuckets - 1)) + subBuckets
  return (first + 1) * 2 ** exponent - 1
}
