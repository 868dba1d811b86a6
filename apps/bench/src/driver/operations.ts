import { type Answer, type Found, type Session, type Value } from '../sessions/session.ts'
import { chooser, type KeyChoice } from './key-choice.ts'
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

/** Makes the operations of a mix. Every read is checked: there when it must be, and of the right length. */
export function operationOf(session: Session, mix: Mix): Operation {
  const random = randomFrom(mix.seed)
  const values = new ValuePool(mix.valueBytes)
  const mustExist = mix.keys !== 'missing'
  let inserted = mix.insertFrom
  let inOrder: Uint32Array | undefined
  const written = (): number => mix.loaded + inserted - mix.insertFrom
  const position = chooser(mix.keys, written, random)
  const choose = (): number => {
    const at = position()
    // Behind those that were loaded come those that were inserted; missing ones are far behind both.
    return at < mix.loaded || !mustExist ? mix.firstKey + at : mix.insertFrom + at - mix.loaded
  }
  const entries = mix.entries ?? 0

  const kinds: Record<OperationKind, Operation> = {
    put() {
      const index = choose()
      return counted(session.put(keyOf(index), values.of(index)), 1)
    },
    insert() {
      const index = inserted++
      return counted(session.put(keyOf(index), values.of(index)), 1)
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
      const batch = Array.from({ length: entries }, () => {
        const index = inserted++
        return { key: keyOf(index), value: values.of(index) }
      })
      return counted(offered(session, 'batch')(batch), entries)
    },
    range() {
      return offered(session, 'range')(keyOf(choose()), entries, mix.reverse ?? false)
    },
    scan() {
      const limit = 1 + Math.floor(random() * entries)
      return offered(session, 'range')(keyOf(choose()), limit, mix.reverse ?? false)
    },
    async neighbours() {
      const order = (inOrder ??= indexesInOrder(mix))
      const first = Math.floor(random() * Math.max(1, order.length - entries))
      const indexes = order.subarray(first, first + entries)
      for (const index of indexes) checked(await session.get(keyOf(index)), index)
      return indexes.length
    },
  }

  function checked(found: Found | undefined, index: number): number {
    const wanted: Value = values.of(index)
    // With `latest`, the newest keys may be on their way.
    if (found === undefined && (!mustExist || index >= mix.insertFrom)) return 1
    if (found !== undefined && mustExist && isSame(found, wanted)) return 1
    throw new WrongAnswer(
      `${keyOf(index)} was answered ${found === undefined ? 'missing' : `a value of ${found.length} B`}, not ${mustExist ? `its value of ${wanted.bytes.length} B` : 'missing'}`,
    )
  }

  const menu = Object.entries(mix.shares).map(([kind, share]) => ({
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

/** The numbers of the loaded keys, in the order of their keys. */
function indexesInOrder({ firstKey, loaded }: Mix): Uint32Array {
  const keys = Array.from({ length: loaded }, (_, at) => ({
    key: keyOf(firstKey + at),
    index: firstKey + at,
  }))
  keys.sort((a, b) => (a.key < b.key ? -1 : 1))
  return Uint32Array.from(keys, ({ index }) => index)
}

/** Length and both ends: enough to tell a wrong value, too little to slow the driver down. */
function isSame(found: Found, { bytes, text }: Value): boolean {
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
