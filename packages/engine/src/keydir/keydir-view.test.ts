import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Keydir } from './keydir.ts'
import { KeydirView, noIndex } from './keydir-view.ts'

test('says what the keydir says, also of what is changed after it was shared', () => {
  const keydir = new Keydir()
  for (let i = 0; i < 5000; i++) set(keydir, `key-${i}`, i + 1)
  const view = new KeydirView(keydir.share())
  expect(view.currentIndex(Buffer.from('key-7'))).toBe(8)
  expect(view.currentIndex(Buffer.from('missing'))).toBe(noIndex)
  set(keydir, 'key-7', 2 ** 40)
  const key = Buffer.from('key-8')
  keydir.remove(key, 0, key.length, 0)
  expect(view.currentIndex(Buffer.from('key-7'))).toBe(2 ** 40)
  expect(view.currentIndex(Buffer.from('key-8'))).toBe(noIndex)
})

test('of what it was not told it says that it cannot tell', () => {
  const keydir = new Keydir()
  set(keydir, 'old', 1)
  const view = new KeydirView(keydir.share())
  const key = Buffer.alloc(60_000)
  // Beyond the chunk that the view knows of.
  for (let i = 0; i < 600; i++) {
    key.writeUInt32BE(i)
    keydir.set(key, 0, key.length, { slot: 0, offset: 0, size: 1, index: i + 2, expiresAt: 0 })
  }
  expect(view.currentIndex(Buffer.from('old'))).toBe(1)
  expect(view.currentIndex(key)).toBeUndefined()
})

/**
 * A thread reads while the keydir grows, shrinks and changes: of a key that was never touched it says the
 * truth, of one that only grows it never sees an index go back.
 */
test('reads on another thread while the keydir changes', async () => {
  const keydir = new Keydir()
  for (let i = 0; i < 1000; i++) set(keydir, `still-${i}`, i + 1)
  set(keydir, 'growing', 1)
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const told = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(readerSource, {
    eval: true,
    workerData: {
      shared: keydir.share(),
      stop: stop.buffer,
      told: told.buffer,
      view: new URL('./keydir-view.ts', import.meta.url).href,
    },
  })
  const [started] = (await once(worker, 'message')) as [string]
  expect(started).toBe('reading')
  const answer = once(worker, 'message')
  // The reader may be off its core for most of the changes: there are more, until it was told of enough.
  const isEnough = (changes: number): boolean =>
    changes >= 300_000 && (Atomics.load(told, 0) > 1000 || changes >= 10_000_000)
  for (let i = 0; !isEnough(i); i++) {
    set(keydir, 'growing', i + 2)
    set(keydir, `new-${i % 60_000}`, i)
    if (i % 3 === 0) {
      const key = Buffer.from(`new-${(i * 7) % 60_000}`)
      keydir.remove(key, 0, key.length, 0)
    }
  }
  Atomics.store(stop, 0, 1)
  const [wrong] = (await answer) as [string[]]
  expect(wrong).toEqual([])
  // What share of the reads that is depends on how long the writer was off its core in the middle of a change.
  expect(Atomics.load(told, 0)).toBeGreaterThan(1000)
})

const readerSource = `
  const { parentPort, workerData } = require('node:worker_threads')
  import(workerData.view).then(({ KeydirView }) => {
    const view = new KeydirView(workerData.shared)
    const stop = new Int32Array(workerData.stop)
    const told = new Int32Array(workerData.told)
    const growing = Buffer.from('growing')
    const wrong = []
    let last = 0
    let reads = 0
    parentPort.postMessage('reading')
    while (Atomics.load(stop, 0) === 0 && wrong.length < 10) {
      const still = reads % 1000
      const index = view.currentIndex(Buffer.from('still-' + still))
      if (index !== undefined && index !== still + 1) wrong.push('still-' + still + ': ' + index)
      const grown = view.currentIndex(growing)
      if (grown !== undefined && grown < last) wrong.push('growing: ' + grown + ' after ' + last)
      if (grown !== undefined) last = grown
      if (index !== undefined) Atomics.add(told, 0, 1)
      reads++
    }
    parentPort.postMessage(wrong)
  })
`

function set(keydir: Keydir, text: string, index: number): void {
  const key = Buffer.from(text)
  keydir.set(key, 0, key.length, { slot: 0, offset: 0, size: 1, index, expiresAt: 0 })
}
