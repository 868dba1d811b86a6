import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { HalfSipHash } from './key-hash.ts'
import { KeyWords, keyWordsOf, storeKeyBytes, wordAt } from './key-words.ts'

const bytes = fc.uint8Array({ maxLength: 20 })

test('a key comes back as it was', () => {
  fc.assert(
    fc.property(bytes, fc.nat(3), (key, start) => {
      const around = Buffer.concat([Buffer.alloc(start, 0xee), key, Buffer.alloc(3, 0xee)])
      const words = wordsOf(around, start, start + key.length)
      const target = Buffer.alloc(start + key.length + 3, 0xee)
      storeKeyBytes(words.words, 0, words.size, target, start)
      expect(target).toEqual(around)
    }),
  )
})

test('a word is four bytes of the key, zeros behind its end', () => {
  fc.assert(
    fc.property(bytes, fc.nat(25), (key, skip) => {
      const words = wordsOf(key, 0, key.length)
      const padded = Buffer.concat([key, Buffer.alloc(30)])
      const word = wordAt(words.words, 0, words.size, skip)
      expect((word ^ 0x8000_0000) >>> 0).toBe(padded.readUInt32BE(skip))
    }),
  )
})

test('hashes tell keys apart by their bytes and their length, and depend on the secret', () => {
  const keys = ['', '\0', '\0\0', '\0\0\0\0', '\0\0\0\0\0', 'a', 'a\0', 'aaaa', 'aaaaa', 'b']
  const hashes = (secret: number): number[] => {
    const hash = new HalfSipHash(Buffer.alloc(8, secret))
    return keys.map((key) => {
      const { words, size } = wordsOf(Buffer.from(key), 0, key.length)
      return hash.hash(words, 0, size)
    })
  }
  expect(new Set(hashes(1)).size).toBe(keys.length)
  expect(hashes(1)).toEqual(hashes(1))
  expect(hashes(1).filter((hash) => hashes(2).includes(hash))).toEqual([])
})

test('hashes fill all places alike', () => {
  const hash = new HalfSipHash()
  const counts = new Uint32Array(256)
  const others = new Uint32Array(256)
  for (let i = 0; i < 256 * 1000; i++) {
    const { words, size } = wordsOf(Buffer.from(`key-${i}`), 0, `key-${i}`.length)
    const value = hash.hash(words, 0, size)
    counts[value & 0xff]! += 1
    others[value >>> 24]! += 1
  }
  // Ten standard deviations.
  for (const count of [...counts, ...others]) expect(Math.abs(count - 1000)).toBeLessThan(316)
})

function wordsOf(bytes: Uint8Array, start: number, end: number): KeyWords {
  const words = new KeyWords()
  // What an earlier key leaves behind must not matter.
  words.words.fill(-1)
  words.load(bytes, start, end)
  expect(words.words.length).toBeGreaterThanOrEqual(keyWordsOf(end - start))
  return words
}
