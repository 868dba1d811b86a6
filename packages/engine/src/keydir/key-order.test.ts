import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Entries } from './entries.ts'
import { KeyOrder } from './key-order.ts'
import { KeyWords } from './key-words.ts'

/** An order and, beside it, its entries as a list. */
class Ordered {
  readonly entries = new Entries()
  readonly order: KeyOrder = new KeyOrder(this.entries)
  readonly #list: { readonly key: string; readonly entry: number }[] = []
  readonly #words = new KeyWords()
  #index = 0

  get size(): number {
    return this.#list.length
  }

  insert(key: string): void {
    const bytes = Buffer.from(key)
    this.#words.load(bytes, 0, bytes.length)
    const location = { slot: 0, offset: 0, size: 0, index: ++this.#index, expiresAt: 0 }
    const entry = this.entries.create(this.#words, location)
    this.order.insert(entry, this.#words)
    const place = this.#list.findIndex((other) => other.key >= key)
    this.#list.splice(place === -1 ? this.#list.length : place, 0, { key, entry })
  }

  removeAt(place: number): void {
    const [removed] = this.#list.splice(place % this.#list.length, 1)
    const bytes = Buffer.from(removed!.key)
    this.#words.load(bytes, 0, bytes.length)
    this.order.remove(removed!.entry, this.#words)
    this.entries.free(removed!.entry)
  }

  check(): void {
    const wanted = this.#list.map(({ entry }) => entry)
    const forwards: number[] = []
    const start = this.order.seek(undefined)
    for (let at = this.order.next(start); at !== 0; at = this.order.next(start)) forwards.push(at)
    expect(forwards).toEqual(wanted)
    const backwards: number[] = []
    const end = this.order.end()
    for (let at = this.order.previous(end); at !== 0; at = this.order.previous(end)) {
      backwards.push(at)
    }
    expect(backwards).toEqual(wanted.reverse())
  }

  /** Of the first entry whose key is not lower. */
  seek(key: string): void {
    const bytes = Buffer.from(key)
    this.#words.load(bytes, 0, bytes.length)
    const found = this.order.entryAt(this.order.seek(this.#words))
    expect(found).toBe(this.#list.find((other) => other.key >= key)?.entry ?? 0)
  }
}

// Few digits make duplicates, prefixes of one another, and lists whose keys share less and less.
const key = fc.string({ unit: fc.constantFrom('a', 'b', '0'), maxLength: 9 })

test('keys come in any order, and are walked in theirs', () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ insert: key }) },
    { weight: 2, arbitrary: fc.record({ removeAt: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ seek: key }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3_000, size: 'max' }), (steps) => {
      const ordered = new Ordered()
      for (const each of steps) {
        if ('insert' in each) ordered.insert(each.insert)
        else if ('seek' in each) ordered.seek(each.seek)
        else if (ordered.size > 0) ordered.removeAt(each.removeAt)
      }
      ordered.check()
      while (ordered.size > 0) ordered.removeAt(7)
      ordered.check()
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['rising', (place: number) => place],
  ['falling', (place: number) => 3_000 - place],
  ['scattered', (place: number) => (place * 1_009) % 3_000],
  ['on the same key', (place: number) => place % 3],
])('3,000 keys, %s', (_, numberOf) => {
  const ordered = new Ordered()
  for (let place = 0; place < 3_000; place++) {
    ordered.insert(`some/common/prefix/${String(numberOf(place)).padStart(5, '0')}`)
  }
  ordered.check()
  for (let place = 0; place < 200; place++) ordered.removeAt(place * 61)
  ordered.check()
})
