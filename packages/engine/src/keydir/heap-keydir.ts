import { type KeyBounds, type KeyLimit, lowerLimit, upperLimit } from '../key-bounds.ts'
import { keyText, mapKey, textKey } from '../key-text.ts'
import type { Keydir, Location } from './keydir.ts'
import { SortedKeys } from './sorted-keys.ts'

/** A keydir of ordinary objects on the JavaScript heap: simple, at some 250 bytes a key. */
export class HeapKeydir implements Keydir {
  readonly #locations = new Map<string, Location>()
  readonly #order = new SortedKeys()

  get size(): number {
    return this.#locations.size
  }

  lookup(key: Uint8Array): Location | undefined {
    return this.#locations.get(mapKey(keyText(key)))
  }

  set(key: Uint8Array, location: Location): Location | undefined {
    const text = keyText(key)
    const before = this.#locations.get(mapKey(text))
    this.#locations.set(mapKey(text), location)
    if (before === undefined) this.#order.insert(text)
    return before
  }

  remove(key: Uint8Array): Location | undefined {
    const text = keyText(key)
    const before = this.#locations.get(mapKey(text))
    if (before === undefined) return undefined
    this.#locations.delete(mapKey(text))
    this.#order.remove(text)
    return before
  }

  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void {
    const lower = textLimit(lowerLimit(bounds))
    const upper = textLimit(upperLimit(bounds))
    const [start, end] = reverse ? [upper, lower] : [lower, upper]
    const visitInside = (text: string): boolean => {
      if (start !== undefined && !start.inclusive && text === start.text) return true
      if (end !== undefined && isPast(text, end, reverse)) return false
      return visit(textKey(text), this.#locations.get(mapKey(text))!)
    }
    if (reverse) this.#order.descend(start?.text, visitInside)
    else this.#order.ascend(start?.text ?? '', visitInside)
  }
}

interface TextLimit {
  readonly text: string
  readonly inclusive: boolean
}

function textLimit(limit: KeyLimit | undefined): TextLimit | undefined {
  return limit === undefined ? undefined : { text: keyText(limit.key), inclusive: limit.inclusive }
}

function isPast(text: string, end: TextLimit, reverse: boolean): boolean {
  if (text === end.text) return !end.inclusive
  return reverse ? text < end.text : text > end.text
}
