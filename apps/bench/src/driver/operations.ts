import type { Answer, Found, RangeTally, Session, Value } from '../sessions/session.ts'
import { chooser, type KeyChoice } from './key-choice.ts'
import { KeyOrder } from './key-order.ts'
import { keyOf } from './keys.ts'
import { randomFrom } from './random.ts'
import { ValuePool } from './value-pool.ts'

/**
 * - `put`: writes one of the keys that are there. `insert`: writes a new one.
 * - `get`, `delete`: one key. `readModifyWrite`: a get, and when it is answered a put of that key.
 * - `batch`: writes `entries` new keys. `range`: reads `entries` entries in order. `scan`: the same with 1 to
 *   `entries` of them. `neighbours`: reads what a range would, by one get after the other.
 */
type OperationKind =
  | 'put'
  | 'insert'
  | 'get'
  | 'delete'
  | 'readModifyWrite'
  | 'batch'
  | 'range'
  | 'scan'
  | 'neighbours'

/** What the operations of a step are, and on which keys. */
export interface Mix {
  /** Shares, which sum up to 1. */
  readonly shares: Readonly<Partial<Record<OperationKind, number>>>
  readonly keys: KeyChoice
  /** Keys number `firstKey` to `firstKey + loaded` - 1 are in the store. */
  readonly firstKey: number
  readonly loaded: number
  /** The number of the first key that `insert` and `batch` write. */
  readonly insertFrom: number
  readonly valueBytes: number
  readonly entries?: number
  readonly reverse?: boolean
  readonly seed: number
}

/** Starts the next operation; gives the number of keys it wrote or read. Throws or rejects when it fails. */
export type Operation = () => Answer<number>

/** A wrong answer of a store, which no benchmark may count as work done. */
export class WrongAnswer extends Error {}

/**
 * Makes the operations of a mix. What is read is checked: a value must be there when its key must, with the
 * right length and ends; a range must begin with its first key and have as many entries as there are.
 */
export function operationOf(session: Session, mix: Mix): Operation {
  const { shares, loaded, firstKey, insertFrom, entries = 0, reverse = false } = mix
  const random = randomFrom(mix.seed)
  const values = new ValuePool(mix.valueBytes)
  const inserted = new Acknowledged(insertFrom)
  const isMissing = mix.keys === 'missing'
  const position = chooser(mix.keys, () => loaded + inserted.count, random)
  const choose = (): number => {
    const at = position()
    // Behind those that were loaded come those that were inserted; missing ones are far behind both.
    return at < loaded || isMissing ? firstKey + at : insertFrom + at - loaded
  }
  const needsOrder = [shares.range, shares.scan, shares.neighbours].some((share) => share)
  // Before the clock starts, as it takes its time.
  const order = needsOrder ? new KeyOrder(firstKey, loaded) : undefined

  const range = (limit: number): Answer<number> => {
    const index = firstKey + Math.floor(random() * loaded)
    const answer = offered(session, 'range')(keyOf(index), limit, reverse)
    const check = (tally: RangeTally): number => {
      const wanted = Math.min(limit, order!.entriesFrom(index, reverse))
      return checkedRange(tally, keyOf(index), wanted, limit, mix)
    }
    return isPromise(answer) ? answer.then(check) : check(answer)
  }

  const kinds: Record<OperationKind, Operation> = {
    put() {
      const index = choose()
      return counted(session.put(keyOf(index), values.of(index)), 1)
    },
    insert() {
      const index = inserted.next(1)
      return inserted.acknowledge(index, 1, session.put(keyOf(index), values.of(index)))
    },
    get() {
      const index = choose()
      const answer = session.get(keyOf(index))
      return isPromise(answer)
        ? answer.then((found) => checked(found, index))
        : checked(answer, index)
    },
    delete() {
      return counted(session.delete(keyOf(choose())), 1)
    },
    async readModifyWrite() {
      const index = choose()
      checked(await session.get(keyOf(index)), index)
      await session.put(keyOf(index), values.of(index))
      return 1
    },
    batch() {
      const first = inserted.next(entries)
      const batch = Array.from({ length: entries }, (_, at) => ({
        key: keyOf(first + at),
        value: values.of(first + at),
      }))
      return inserted.acknowledge(first, entries, offered(session, 'batch')(batch))
    },
    range: () => range(entries),
    scan: () => range(1 + Math.floor(random() * entries)),
    async neighbours() {
      const indexes = order!.neighbours(random(), entries)
      for (const index of indexes) checked(await session.get(keyOf(index)), index)
      return indexes.length
    },
  }

  function checked(found: Found | undefined, index: number): number {
    const wanted = isMissing ? undefined : values.of(index)
    if (isSame(found, wanted)) return 1
    const [was, should] = [found?.length, wanted?.bytes.length].map((bytes) =>
      bytes === undefined ? 'missing' : `a value of ${bytes} B`,
    )
    throw new WrongAnswer(`${keyOf(index)} was answered ${was}; it is ${should}`)
  }

  const menu = Object.entries(shares).map(([kind, share]) => ({
    operation: kinds[kind as OperationKind],
    share,
  }))
  const [first] = menu
  if (first === undefined) throw new Error('a mix without operations')
  if (menu.length === 1) return first.operation
  return () => {
    let chance = random()
    for (const { operation, share } of menu) {
      if (chance < share) return operation()
      chance -= share
    }
    return first.operation()
  }
}

/** New keys: which number comes next, and up to which one all are acknowledged, so that they must be found. */
class Acknowledged {
  readonly #from: number
  /** Beyond the first gap: first number and how many. */
  readonly #early = new Map<number, number>()
  #next: number
  #end: number

  constructor(from: number) {
    this.#from = from
    this.#next = from
    this.#end = from
  }

  get count(): number {
    return this.#end - this.#from
  }

  next(count: number): number {
    const first = this.#next
    this.#next += count
    return first
  }

  acknowledge(first: number, count: number, answer: Answer<unknown>): Answer<number> {
    if (isPromise(answer)) return answer.then(() => this.#advance(first, count))
    return this.#advance(first, count)
  }

  #advance(first: number, count: number): number {
    this.#early.set(first, count)
    for (let more = this.#early.get(this.#end); more !== undefined; ) {
      this.#early.delete(this.#end)
      this.#end += more
      more = this.#early.get(this.#end)
    }
    return count
  }
}

/** Entries may have been inserted meanwhile, but none may be missing. */
function checkedRange(
  { count, first, last, valueBytes }: RangeTally,
  from: string,
  wanted: number,
  limit: number,
  mix: Mix,
): number {
  const isOrdered = mix.reverse === true ? last <= first : last >= first
  const isWhole = count >= wanted && count <= limit && valueBytes === count * mix.valueBytes
  if (first === from && isOrdered && isWhole) return count
  throw new WrongAnswer(
    `the range from ${from} was answered ${count} entries from ${first} to ${last} with ${valueBytes} B; wanted were ${wanted} from ${from}`,
  )
}

/** Length and both ends: enough to tell a wrong value, too little to slow the driver down. */
export function isSame(found: Found | undefined, wanted: Value | undefined): boolean {
  if (found === undefined || wanted === undefined)
    return found === undefined && wanted === undefined
  const { bytes, text } = wanted
  if (found.length !== bytes.length) return false
  const last = bytes.length - 1
  return typeof found === 'string'
    ? found.charCodeAt(0) === text.charCodeAt(0) && found.charCodeAt(last) === text.charCodeAt(last)
    : found[0] === bytes[0] && found[last] === bytes[last]
}

function counted(answer: Answer<unknown>, count: number): Answer<number> {
  return isPromise(answer) ? answer.then(() => count) : count
}

export function isPromise<Result>(answer: Answer<Result>): answer is Promise<Result> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}

function offered<Name extends 'batch' | 'range'>(
  session: Session,
  name: Name,
): NonNullable<Session[Name]> {
  const method = session[name]
  if (method === undefined) throw new Error(`this product has no ${name}`)
  return method.bind(session) as NonNullable<Session[Name]>
}
