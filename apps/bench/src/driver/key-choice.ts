import type { Random } from './random.ts'
import { zipfian } from './zipfian.ts'

/**
 * Which of the keys an operation takes.
 * - `uniform`: each as often as any other.
 * - `zipfian`: few of them mostly; the n-th most popular about 1/n as often as the first (YCSB, constant 0.99).
 * - `latest`: zipfian, counted back from the newest.
 * - `missing`: keys that were never written.
 * - `sequence`: each once, in the order they were written.
 */
export type KeyChoice = 'uniform' | 'zipfian' | 'latest' | 'missing' | 'sequence'

/** Numbers from here on are never written. */
const missingFrom = 2 ** 31

/** Gives the number of the next key out of the first `count()`. */
export function chooser(choice: KeyChoice, count: () => number, random: Random): () => number {
  const initial = count()
  switch (choice) {
    case 'uniform':
      return () => Math.floor(random() * initial)
    case 'zipfian':
      return zipfian(initial, random)
    case 'latest': {
      const back = zipfian(initial, random)
      return () => Math.max(0, count() - 1 - back())
    }
    case 'missing':
      return () => missingFrom + Math.floor(random() * missingFrom)
    case 'sequence': {
      let next = 0
      return () => next++
    }
    default:
      return unreachable(choice)
  }
}

function unreachable(choice: never): never {
  throw new Error(`no such choice of keys: ${String(choice)}`)
}
