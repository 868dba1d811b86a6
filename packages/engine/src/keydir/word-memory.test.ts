import { expect, test } from 'vitest'
import { chunkOf, chunkWordsMax, placeOf, WordMemory } from './word-memory.ts'

test('blocks neither overlap nor cross a chunk, and freed ones are used again', () => {
  const memory = new WordMemory(5000)
  const sizes = [1, 2, 3, 777, 5000]
  const blocks: [number, number][] = []
  for (let i = 0; memory.chunks.length < 12; i++) {
    const words = sizes[i % sizes.length]!
    const block = memory.allocate(words)
    expect(block).not.toBe(0)
    expect(placeOf(block) + words).toBeLessThanOrEqual(memory.chunks[chunkOf(block)]!.length)
    memory.chunks[chunkOf(block)]!.fill(i, placeOf(block), placeOf(block) + words)
    blocks.push([block, words])
  }
  for (const [i, [block, words]] of blocks.entries()) {
    const bytes = memory.chunks[chunkOf(block)]!.subarray(placeOf(block), placeOf(block) + words)
    expect(bytes.every((word) => word === i)).toBe(true)
  }
  const used = blocks.reduce((sum, [, words]) => sum + words, 0)
  expect(memory.usedWords).toBe(used)
  for (const [block, words] of blocks) memory.free(block, words)
  expect(memory.usedWords).toBe(0)
  const again = new Set(blocks.map(([, words]) => memory.allocate(words)))
  expect(again).toEqual(new Set(blocks.map(([block]) => block)))
  expect(memory.chunks).toHaveLength(12)
  expect(memory.chunks.at(-1)).toHaveLength(chunkWordsMax)
})
