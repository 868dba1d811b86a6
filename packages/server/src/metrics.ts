import { monitorEventLoopDelay } from 'node:perf_hooks'
import { LatencyHistogram } from '@kv/engine'
import type { ErrorCode, PlainMap, RequestKind } from '@kv/protocol'
import { requestKindCodes } from '@kv/protocol'

/** How often the event loop's delay is sampled, in ms. */
const loopSampleMs = 20

/** What the server counts, since it was started. The store counts for itself. */
export class Metrics {
  /** Requests taken, of each kind; refused ones too, if they could be read. */
  readonly requests: Record<RequestKind, number> = forEachKind(() => 0)
  connectionsTotal = 0
  /** Turned away at a limit, while starting or while stopping. */
  connectionsRefused = 0
  /** Ended by the server: malformed input, timeouts, answers not read. */
  connectionsCut = 0
  requestsInFlight = 0
  bytesIn = 0
  bytesOut = 0
  readonly #errors = new Map<ErrorCode, number>()
  readonly #latencies = forEachKind(() => new LatencyHistogram())
  readonly #loopDelay = monitorEventLoopDelay({ resolution: loopSampleMs })
  readonly #startedAt = performance.now()
  #memory = process.memoryUsage()

  constructor() {
    this.#loopDelay.enable()
  }

  /** From a request's arrival to its answer. */
  answered(kind: RequestKind, ms: number): void {
    this.#latencies[kind].record(ms)
  }

  failed(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1)
  }

  stop(): void {
    this.#loopDelay.disable()
  }

  summary(): PlainMap {
    const { rss, heapUsed, external, arrayBuffers } = this.#memoryUsage()
    return {
      uptimeMs: Math.round(performance.now() - this.#startedAt),
      requests: { ...this.requests },
      requestsInFlight: this.requestsInFlight,
      errors: Object.fromEntries(this.#errors),
      traffic: { receivedBytes: this.bytesIn, sentBytes: this.bytesOut },
      latencies: forEachKind((kind) => ({ ...this.#latencies[kind].summary() })),
      loopDelay: this.#loopSummary(),
      memory: {
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        externalBytes: external,
        arrayBuffersBytes: arrayBuffers,
      },
    }
  }

  /** Needs a descriptor for a moment; where none is free, what it was before still says more than nothing. */
  #memoryUsage(): NodeJS.MemoryUsage {
    try {
      this.#memory = process.memoryUsage()
    } catch {}
    return this.#memory
  }

  /** How much later than due a timer ran: beyond the sampling interval itself. */
  #loopSummary(): PlainMap {
    const { count } = this.#loopDelay
    return {
      p50Ms: count === 0 ? 0 : beyondSampleMs(this.#loopDelay.percentile(50)),
      p99Ms: count === 0 ? 0 : beyondSampleMs(this.#loopDelay.percentile(99)),
      maxMs: count === 0 ? 0 : beyondSampleMs(this.#loopDelay.max),
    }
  }
}

function beyondSampleMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - loopSampleMs)
}

function forEachKind<T>(of: (kind: RequestKind) => T): Record<RequestKind, T> {
  const kinds = Object.keys(requestKindCodes) as RequestKind[]
  return Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Record<RequestKind, T>
}
