import { spawnSync } from 'node:child_process'
import type * as FileSystemPromises from 'node:fs/promises'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LockProcess } from '../../test/file-system/lock-process.ts'
import { lockDirectory } from './directory-lock.ts'
import type { DirectoryLock } from './file-system.ts'
import { DirectoryLockedError } from './file-system.ts'

/** Runs once, after a contender's first listing. */
const gate = vi.hoisted(() => ({ afterListing: undefined as (() => Promise<void>) | undefined }))

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof FileSystemPromises>()
  return {
    ...actual,
    readdir: async (path: string) => {
      const names = await actual.readdir(path)
      const { afterListing } = gate
      gate.afterListing = undefined
      await afterListing?.()
      return names
    },
  }
})

let directory: string
let processes: LockProcess[]

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/kv-lock-`)
  processes = []
})

afterEach(async () => {
  for (const process of processes) await process.kill()
  await rm(directory, { recursive: true })
})

async function start(wrapper?: string[]): Promise<LockProcess> {
  const started = await LockProcess.start(wrapper)
  processes.push(started)
  return started
}

describe('holder', () => {
  test('is named, in this process and from another', async () => {
    const lock = await lockDirectory(directory)
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      name: 'DirectoryLockedError',
      holder: `process ${process.pid}`,
    })
    expect(await (await start()).take(directory)).toBe(`locked by process ${process.pid}`)
    await lock.release()
  })

  test('that is killed frees the directory at once', async () => {
    const holder = await start()
    expect(await holder.take(directory)).toBe('held')
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryLockedError)
    await holder.kill()
    const lock = await lockDirectory(directory)
    await lock.release()
  })

  test('that is paused still excludes, also when its backlog is full', async () => {
    const holder = await start()
    expect(await holder.take(directory)).toBe('held')
    holder.pause()
    await expect(lockDirectory(directory)).rejects.toMatchObject({ holder: 'another process' })

    const waiting = await fillBacklog(`${directory}/LOCK.1`)
    await expect(lockDirectory(directory)).rejects.toMatchObject({ holder: 'another process' })
    for (const socket of waiting) socket.destroy()
    await holder.kill()
    await (await lockDirectory(directory)).release()
  })

  test('in another network namespace excludes', async ({ skip }) => {
    const wrapper = ['unshare', '--net']
    const probe = spawnSync(wrapper[0]!, [...wrapper.slice(1), 'true'])
    if (probe.status !== 0) {
      if (process.env['CI'] === 'true') throw new Error('no network namespaces (unshare --net)')
      skip('SKIPPED: no right to make network namespaces (unshare --net)')
    }
    const holder = await start(wrapper)
    expect(await holder.take(directory)).toBe('held')
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      holder: `process ${holder.pid}`,
    })
    await holder.kill()
    const lock = await lockDirectory(directory)
    expect(await (await start(wrapper)).take(directory)).toBe(`locked by process ${process.pid}`)
    await lock.release()
  })

  test('that does nothing else ends', async () => {
    const code = `
      import { lockDirectory } from '${new URL('directory-lock.ts', import.meta.url).href}'
      await lockDirectory(${JSON.stringify(directory)})`
    const args = ['--input-type=module', '--eval', code]
    expect(spawnSync(process.execPath, args, { timeout: 30_000 }).status).toBe(0)
  })
})

describe('race', () => {
  test('for a stale lock has one winner', { timeout: 180_000 }, async () => {
    const racers = await Promise.all(Array.from({ length: 8 }, () => start()))
    const ends = { released: 0, killed: 0 }
    for (let round = 0; round < 60; round++) {
      const answers = await Promise.all(racers.map((racer) => racer.take(directory)))
      const winner = answers.indexOf('held')
      expect(answers.filter((answer) => answer === 'held')).toHaveLength(1)
      expect(answers.filter((answer) => answer.startsWith('locked by '))).toHaveLength(7)
      expect(await readdir(directory)).toHaveLength(1)
      if (round % 5 === 0) {
        await racers[winner]!.kill()
        racers[winner] = await start()
        ends.killed++
      } else {
        await racers[winner]!.release()
        ends.released++
      }
    }
    expect(ends).toEqual({ released: 48, killed: 12 })
  })

  test('is lost by who acts on an old listing', async () => {
    let holder: DirectoryLock | undefined
    gate.afterListing = async () => {
      // Two take it in turn, and the second removes the number that the slow one is about to link.
      const first = await lockDirectory(directory)
      await first.release()
      holder = await lockDirectory(directory)
      expect(await readdir(directory)).toEqual(['LOCK.2'])
    }
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryLockedError)
    expect(holder).toBeDefined()
    expect(await readdir(directory)).toEqual(['LOCK.2'])
    await holder?.release()
  })
})

describe('for reading', () => {
  test('excludes processes, and leaves no name', async () => {
    const lock = await lockDirectory(directory, 'read')
    expect(await readdir(directory)).toEqual(['LOCK.1'])
    expect(await (await start()).take(directory)).toBe(`locked by process ${process.pid}`)
    await lock.release()
    expect(await readdir(directory)).toEqual([])
  })

  test('is not taken from a process that holds the directory, and is from one that is dead', async () => {
    const holder = await start()
    expect(await holder.take(directory)).toBe('held')
    await expect(lockDirectory(directory, 'read')).rejects.toMatchObject({
      holder: `process ${holder.pid}`,
    })
    await holder.kill()
    const lock = await lockDirectory(directory, 'read')
    expect((await readdir(directory)).sort()).toEqual(['LOCK.1', 'LOCK.2'])
    await lock.release()
    expect(await readdir(directory)).toEqual(['LOCK.1'])
  })

  test('whose name is gone again does not mislead who has listed it', async () => {
    const reader = await lockDirectory(directory, 'read')
    let holder: DirectoryLock | undefined
    gate.afterListing = async () => {
      // The slow one has seen the reader's number as the highest. It must not take the next one.
      await reader.release()
      holder = await lockDirectory(directory)
      expect(await readdir(directory)).toEqual(['LOCK.1'])
    }
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryLockedError)
    expect(holder).toBeDefined()
    await holder?.release()

    const second = await lockDirectory(directory, 'read')
    let third: DirectoryLock | undefined
    gate.afterListing = async () => {
      await second.release()
    }
    third = await lockDirectory(directory)
    expect(await readdir(directory)).toEqual(['LOCK.2'])
    await third.release()
  })
})

describe('lock files', () => {
  test.each([
    ['empty', ''],
    ['garbage', '\0garbage\xff'],
    ['a pid', '1\n'],
  ])("that are %s are in nobody's way", async (_, content) => {
    await writeFile(`${directory}/LOCK`, content)
    await writeFile(`${directory}/LOCK.5`, content)
    await writeFile(`${directory}/LOCK.05`, content)
    await writeFile(`${directory}/LOCK.-1`, content)
    await writeFile(`${directory}/LOCK.99999999999999999999`, content)
    await chmod(`${directory}/LOCK.5`, 0)
    const first = await lockDirectory(directory)
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryLockedError)
    await first.release()
    await mkdir(`${directory}/LOCK.9`)
    const second = await lockDirectory(directory)
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryLockedError)
    await second.release()
    expect(await readdir(directory)).toContain('LOCK.10')
  })

  test('of before, and left-over temporary ones, are removed, the last one stays', async () => {
    await writeFile(`${directory}/LOCK.3`, '')
    await writeFile(`${directory}/LOCK.take-0123`, '')
    await writeFile(`${directory}/MANIFEST`, '')
    const lock = await lockDirectory(directory)
    expect((await readdir(directory)).sort()).toEqual(['LOCK.4', 'MANIFEST'])
    expect((await stat(`${directory}/LOCK.4`)).mode & 0o777).toBe(0o600)
    await lock.release()
    expect((await readdir(directory)).sort()).toEqual(['LOCK.4', 'MANIFEST'])
  })

  test('that leave no number are named', async () => {
    await writeFile(`${directory}/LOCK.999999999`, '')
    await expect(lockDirectory(directory)).rejects.toThrow('remove it')
  })

  test('answered by something that is no store exclude', async () => {
    for (const answer of ['garbage', 'x'.repeat(1000), '']) {
      const server = await serve(`${directory}/LOCK.1`, answer)
      await expect(lockDirectory(directory)).rejects.toMatchObject({ holder: 'another process' })
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

test('a directory with a path longer than a socket address', async () => {
  const deep = `${directory}/${'d'.repeat(100)}/${'é'.repeat(60)}`
  await mkdir(deep, { recursive: true })
  expect(Buffer.byteLength(deep)).toBeGreaterThan(200)
  const holder = await start()
  expect(await holder.take(deep)).toBe('held')
  await expect(lockDirectory(deep)).rejects.toMatchObject({ holder: `process ${holder.pid}` })
  await holder.kill()
  const lock = await lockDirectory(deep)
  expect(await readdir(deep)).toEqual(['LOCK.2'])
  await lock.release()
})

/** Connects until the listener, which does not accept, has no room for more. */
async function fillBacklog(path: string): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (;;) {
    const socket = connect({ path })
    const isFull = await new Promise<boolean>((resolve, reject) => {
      socket.once('connect', () => resolve(false))
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EAGAIN') resolve(true)
        else reject(error)
      })
    })
    if (isFull) return sockets
    socket.on('error', () => undefined)
    sockets.push(socket)
  }
}

async function serve(path: string, answer: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(answer)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return server
}
