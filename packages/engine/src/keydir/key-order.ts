/**
 * The entries in key order: a B+-tree of three levels (Bayer and McCreight, 1972; Comer, 1979). Leaves are
 * blocks of a `WordMemory`; a branch names some hundred leaves, each by its first entry; the root is a list
 * of branches. Three levels hold some 10^9 keys, and an insert moves at most one block on each.
 */
import { assert } from '../assert.ts'
import type { Entries } from './entries.ts'
import { EntryLists, listWords } from './entry-list.ts'
import { KeyWords } from './key-words.ts'
import type { ImagePart, ImageParts, KeyOrderState } from './keydir-image.ts'
import { chunkOf, placeOf, WordMemory } from './word-memory.ts'

const leafCapacity = 127
const branchCapacity = 510
/** Entries that keys which come in order leave in a leaf: some room for others. */
const appendedEntriesMax = 112
/** A leaf with fewer entries joins its neighbour, if together they leave some room. */
const leafEntriesMin = leafCapacity / 4
const joinedEntriesMax = (leafCapacity * 3) / 4

/** Entries that are fetched at once. */
const fetchedMax = 32

const branchWords = listWords(branchCapacity) + branchCapacity

class Branch {
  readonly list: Int32Array
  readonly leaves: Int32Array

  /** `words`: the list, and the leaves behind it. */
  constructor(words: Int32Array = new Int32Array(branchWords)) {
    this.list = words.subarray(0, listWords(branchCapacity))
    this.leaves = words.subarray(listWords(branchCapacity))
  }
}

/** A place in the order: before the entry it names, or at the end. Good until the order changes. */
export interface OrderPlace {
  branch: number
  leaf: number
  entry: number
}

export class KeyOrder {
  readonly #entries: Entries
  readonly #memory = new WordMemory(listWords(leafCapacity))
  readonly #leafLists: EntryLists
  readonly #branchLists: EntryLists
  readonly #branches: Branch[] = []
  readonly #key = new KeyWords()
  /** Branch of the last change: keys that come in order find theirs at once. */
  #lastBranch = 0
  /** Nobody reads it: it is written so that what was fetched counts as used. */
  fetched = 0

  constructor(entries: Entries) {
    this.#entries = entries
    this.#leafLists = new EntryLists(entries, leafCapacity)
    this.#branchLists = new EntryLists(entries, branchCapacity)
  }

  /** Bytes that the leaves and the branches take. */
  get bytes(): number {
    return this.#memory.usedWords * 4 + this.#branches.length * branchWords * 4
  }

  get state(): KeyOrderState {
    return { branches: this.#branches.length, memory: this.#memory.state }
  }

  get parts(): ImagePart[] {
    const capacity = this.#branches.length * branchWords
    const words = new Int32Array(new SharedArrayBuffer(capacity * 4))
    for (const [place, { list, leaves }] of this.#branches.entries()) {
      words.set(list, place * branchWords)
      words.set(leaves, place * branchWords + list.length)
    }
    return [{ words, capacity }, ...this.#memory.parts]
  }

  /** Becomes, still empty, the order that an image was made of. */
  restore(state: KeyOrderState, parts: ImageParts): void {
    const [branches] = parts.take(1)
    for (let place = 0; place < state.branches; place++) {
      this.#branches.push(
        new Branch(branches!.slice(place * branchWords, (place + 1) * branchWords)),
      )
    }
    this.#memory.restore(state.memory, parts)
  }

  /** Adds an entry, whose key is `key` and which is not in. Among entries of one key the new one comes first. */
  insert(entry: number, key: KeyWords): void {
    if (this.#branches.length === 0) this.#begin()
    const branchPlace = this.#branchOf(key)
    const branch = this.#branches[branchPlace]!
    const leafPlace = this.#leafOf(branch, key)
    const leaf = branch.leaves[leafPlace]!
    const words = this.#memory.chunks[chunkOf(leaf)]!
    const at = placeOf(leaf)
    const lists = this.#leafLists
    // A leaf is named by its first entry, and only that of all may come to be another one.
    const staysNamed = branchPlace > 0 || leafPlace > 0
    if (staysNamed && this.#addLate(branch, leafPlace, words, at, entry, key)) return
    lists.settle(words, at)
    const place = lists.lowerPlace(words, at, key)
    if (lists.length(words, at) === leafCapacity) {
      this.#splitLeaf(branchPlace, leafPlace, place)
      this.insert(entry, key)
      return
    }
    lists.insert(words, at, place, entry, key)
    if (place === 0) this.#setFirst(branch, leafPlace, entry)
  }

  /** Leaves an entry to be sorted into its leaf with others, if the leaf's name tells enough of what its keys share. */
  #addLate(
    branch: Branch,
    leafPlace: number,
    words: Int32Array,
    at: number,
    entry: number,
    key: KeyWords,
  ): boolean {
    const names = this.#branchLists
    const { list } = branch
    if (!names.sharesSkip(list, 0, key)) return false
    const namePrefix = names.prefix(list, 0, leafPlace)
    return this.#leafLists.addLate(words, at, entry, key, names.skip(list, 0), namePrefix)
  }

  /** Adds an entry behind all that are in. */
  append(entry: number): void {
    const lists = this.#leafLists
    if (this.#branches.length === 0) this.#begin()
    const branch = this.#branches.at(-1)!
    const leaf = branch.leaves[Math.max(0, this.#leafCount(branch) - 1)]!
    const words = this.#settled(leaf)
    const at = placeOf(leaf)
    if (lists.length(words, at) < appendedEntriesMax) {
      lists.append(words, at, entry)
      if (lists.length(words, at) === 1) this.#setFirst(branch, 0, entry)
      return
    }
    lists.tighten(words, at)
    const next = this.#createLeaf()
    lists.append(this.#memory.chunks[chunkOf(next)]!, placeOf(next), entry)
    if (this.#leafCount(branch) < branchCapacity) {
      this.#insertLeaf(branch, this.#leafCount(branch), next)
    } else {
      const nextBranch = new Branch()
      this.#branches.push(nextBranch)
      this.#insertLeaf(nextBranch, 0, next)
    }
  }

  /** Takes out an entry, whose key is `key` and which is in. */
  remove(entry: number, key: KeyWords): void {
    const at = this.#placeOf(key)
    while (this.entryAt(at) !== entry) {
      assert(this.#stepUp(at), 'an entry that is removed is in the order')
    }
    this.#removeAt(at)
  }

  /** Takes all entries out, and keeps the memory of the leaves. */
  clear(): void {
    this.#memory.clear()
    this.#branches.length = 0
    this.#lastBranch = 0
  }

  /** The place before the first entry whose key is not lower than `key`, or before all. */
  seek(key: KeyWords | undefined): OrderPlace {
    if (key === undefined || this.#branches.length === 0) return { branch: 0, leaf: 0, entry: 0 }
    return this.#placeOf(key)
  }

  /** The place behind all entries. */
  end(): OrderPlace {
    return { branch: this.#branches.length, leaf: 0, entry: 0 }
  }

  /** The entry that follows a place, which moves behind it; 0 at the end. */
  next(at: OrderPlace): number {
    const entry = this.entryAt(at)
    if (entry !== 0) this.#stepUp(at)
    return entry
  }

  /** The entry before a place, which moves before it; 0 at the start. */
  previous(at: OrderPlace): number {
    if (at.entry === 0) {
      if (at.leaf === 0) {
        if (at.branch === 0) return 0
        at.branch--
        at.leaf = this.#leafCount(this.#branches[at.branch]!)
      }
      at.leaf--
      const leaf = this.#branches[at.branch]!.leaves[at.leaf]!
      at.entry = this.#leafLists.length(this.#settled(leaf), placeOf(leaf))
    }
    at.entry--
    return this.entryAt(at)
  }

  /**
   * Asks memory for some entries that a walk from here comes to, all at once: one after the other, each would be
   * waited for. Returns how many, from 1 on.
   */
  fetchAhead(at: OrderPlace, reverse: boolean): number {
    const branch = this.#branches[at.branch]
    if (branch === undefined) return 1
    const leaf = branch.leaves[at.leaf]!
    const words = this.#settled(leaf)
    const leafAt = placeOf(leaf)
    const left = reverse ? at.entry : this.#leafLists.length(words, leafAt) - at.entry
    const count = Math.max(1, Math.min(left, fetchedMax))
    const first = reverse ? at.entry - count : at.entry
    let sum = 0
    for (let i = Math.max(0, first); i < first + count; i++) {
      const entry = this.#leafLists.entry(words, leafAt, i)
      if (entry !== 0) sum ^= this.#entries.memory.chunks[chunkOf(entry)]![placeOf(entry) + 2]!
    }
    this.fetched = sum
    return count
  }

  /** The entry that follows a place; 0 at the end. */
  entryAt(at: OrderPlace): number {
    const branch = this.#branches[at.branch]
    if (branch === undefined) return 0
    const leaf = branch.leaves[at.leaf]!
    return this.#leafLists.entry(this.#settled(leaf), placeOf(leaf), at.entry)
  }

  #begin(): void {
    const branch = new Branch()
    branch.leaves[0] = this.#createLeaf()
    this.#branches.push(branch)
  }

  /** The words that a leaf lies in, when its late entries are sorted in. */
  #settled(leaf: number): Int32Array {
    const words = this.#memory.chunks[chunkOf(leaf)]!
    this.#leafLists.settle(words, placeOf(leaf))
    return words
  }

  #createLeaf(): number {
    const leaf = this.#memory.allocate(listWords(leafCapacity))
    this.#leafLists.clear(this.#memory.chunks[chunkOf(leaf)]!, placeOf(leaf))
    return leaf
  }

  /** The last branch that starts below `key`, or the first. */
  #branchOf(key: KeyWords): number {
    const last = this.#lastBranch
    if (this.#startsBelow(last, key) && !this.#startsBelow(last + 1, key)) return last
    let low = 0
    let high = this.#branches.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#startsBelow(middle, key)) low = middle
      else high = middle - 1
    }
    this.#lastBranch = low
    return low
  }

  #startsBelow(branchPlace: number, key: KeyWords): boolean {
    const branch = this.#branches[branchPlace]
    if (branch === undefined || this.#leafCount(branch) === 0) return false
    return this.#entries.compareTo(this.#branchLists.entry(branch.list, 0, 0), key) < 0
  }

  /** The last leaf that starts below `key`, or the first. */
  #leafOf(branch: Branch, key: KeyWords): number {
    return Math.max(0, this.#branchLists.lowerPlace(branch.list, 0, key) - 1)
  }

  #leafCount(branch: Branch): number {
    return this.#branchLists.length(branch.list, 0)
  }

  #placeOf(key: KeyWords): OrderPlace {
    const branchPlace = this.#branchOf(key)
    const branch = this.#branches[branchPlace]!
    const leafPlace = this.#leafOf(branch, key)
    const leaf = branch.leaves[leafPlace]!
    const words = this.#settled(leaf)
    const entry = this.#leafLists.lowerPlace(words, placeOf(leaf), key)
    const at = { branch: branchPlace, leaf: leafPlace, entry: entry - 1 }
    if (entry < this.#leafLists.length(words, placeOf(leaf))) at.entry = entry
    else this.#stepUp(at)
    return at
  }

  /** Moves a place behind the entry that follows it. False when that was the last. */
  #stepUp(at: OrderPlace): boolean {
    const branch = this.#branches[at.branch]!
    const leaf = branch.leaves[at.leaf]!
    at.entry++
    if (at.entry < this.#leafLists.length(this.#settled(leaf), placeOf(leaf))) {
      return true
    }
    at.entry = 0
    at.leaf++
    if (at.leaf < this.#leafCount(branch)) return true
    at.leaf = 0
    at.branch++
    return at.branch < this.#branches.length
  }

  /** Notes that a leaf starts with another entry now. */
  #setFirst(branch: Branch, leafPlace: number, entry: number): void {
    const key = this.#key
    this.#entries.readKey(entry, key)
    if (leafPlace === this.#leafCount(branch)) {
      this.#branchLists.insert(branch.list, 0, leafPlace, entry, key)
    } else {
      this.#branchLists.replace(branch.list, 0, leafPlace, entry, key)
    }
  }

  /** Makes room in a full leaf, for an entry at `place`. */
  #splitLeaf(branchPlace: number, leafPlace: number, place: number): void {
    const branch = this.#branches[branchPlace]!
    if (this.#leafCount(branch) === branchCapacity) {
      this.#splitBranch(branchPlace)
      return
    }
    const leaf = branch.leaves[leafPlace]!
    const words = this.#memory.chunks[chunkOf(leaf)]!
    const at = placeOf(leaf)
    const isLast =
      branchPlace === this.#branches.length - 1 && leafPlace === this.#leafCount(branch) - 1
    // Keys that come in order leave full leaves behind.
    const cut = isLast && place === leafCapacity ? leafCapacity - 1 : leafCapacity >>> 1
    const sibling = this.#createLeaf()
    const siblingWords = this.#memory.chunks[chunkOf(sibling)]!
    const siblingAt = placeOf(sibling)
    this.#leafLists.moveTail(words, at, cut, siblingWords, siblingAt)
    this.#insertLeaf(branch, leafPlace + 1, sibling)
  }

  #insertLeaf(branch: Branch, leafPlace: number, leaf: number): void {
    const key = this.#key
    const first = this.#leafLists.entry(this.#memory.chunks[chunkOf(leaf)]!, placeOf(leaf), 0)
    this.#entries.readKey(first, key)
    const { leaves } = branch
    leaves.copyWithin(leafPlace + 1, leafPlace, this.#leafCount(branch))
    leaves[leafPlace] = leaf
    this.#branchLists.insert(branch.list, 0, leafPlace, first, key)
  }

  #splitBranch(branchPlace: number): void {
    const branch = this.#branches[branchPlace]!
    const isLast = branchPlace === this.#branches.length - 1
    const cut = isLast ? branchCapacity - 8 : branchCapacity >>> 1
    const sibling = new Branch()
    sibling.leaves.set(branch.leaves.subarray(cut))
    this.#branchLists.moveTail(branch.list, 0, cut, sibling.list, 0)
    this.#branches.splice(branchPlace + 1, 0, sibling)
  }

  #removeAt(at: OrderPlace): void {
    const branch = this.#branches[at.branch]!
    const leaf = branch.leaves[at.leaf]!
    const words = this.#memory.chunks[chunkOf(leaf)]!
    const lists = this.#leafLists
    lists.remove(words, placeOf(leaf), at.entry)
    const length = lists.length(words, placeOf(leaf))
    if (length === 0) {
      this.#removeLeaf(at.branch, at.leaf)
      return
    }
    if (at.entry === 0) {
      this.#setFirst(branch, at.leaf, lists.entry(words, placeOf(leaf), 0))
    }
    if (length < leafEntriesMin) this.#joinNext(at.branch, at.leaf)
  }

  /** Moves the entries of the leaf that follows into this one, if they leave some room. */
  #joinNext(branchPlace: number, leafPlace: number): void {
    const branch = this.#branches[branchPlace]!
    if (leafPlace + 1 >= this.#leafCount(branch)) return
    const lists = this.#leafLists
    const leaf = branch.leaves[leafPlace]!
    const next = branch.leaves[leafPlace + 1]!
    const words = this.#memory.chunks[chunkOf(leaf)]!
    const nextWords = this.#settled(next)
    const joined = lists.length(words, placeOf(leaf)) + lists.length(nextWords, placeOf(next))
    if (joined > joinedEntriesMax) return
    lists.moveTail(nextWords, placeOf(next), 0, words, placeOf(leaf))
    this.#removeLeaf(branchPlace, leafPlace + 1)
  }

  #removeLeaf(branchPlace: number, leafPlace: number): void {
    const branch = this.#branches[branchPlace]!
    this.#memory.free(branch.leaves[leafPlace]!, listWords(leafCapacity))
    branch.leaves.copyWithin(leafPlace, leafPlace + 1, this.#leafCount(branch))
    this.#branchLists.remove(branch.list, 0, leafPlace)
    if (this.#leafCount(branch) === 0) this.#branches.splice(branchPlace, 1)
  }
}
