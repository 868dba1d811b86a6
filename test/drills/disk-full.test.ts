/**
 * C10: the disk of the real server is full, or has no names left: by its own doing and by others', during a merge, a
 * roll and a start. Puts get KV_DISK_FULL, reads go on, deletes and merges too where a reserve is left, nothing
 * acknowledged is lost, the node says so in one line, and puts resume by themselves when there is room again.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, connect, KvError } from '@kv/client'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { ExpectedState } from '../../apps/bench/src/expected-state.ts'
import { Ballast, freeBytes } from './ballast.ts'
import { DrillNode } from './drill-node.ts'
import { contentOf, Load, seeded } from './load.ts'
import { obstacle } from './requirements.ts'
import { DiskFolder } from './small-disk.ts'

const seed = Number(process.env['KV_SEED'] ?? 20_270)
const mebibyte = 1024 * 1024
const valueBytes = 32 * 1024
const resumeMsMax = 5_000
const scenarios = 8
const lowLine = 'the disk is nearly full'
const roomLine = 'the disk has room again'
const flags = ['--segment-bytes', '1MiB', '--auto-merge', 'false']
const isSkipped = obstacle(['mkfs.ext4', 'losetup', 'mount']) !== undefined
const counts = { cases: 0, refused: 0, acked: 0, resumes: 0, resumeMsMax: 0 }

let folder: DiskFolder

beforeEach(async () => {
  if (!isSkipped) folder = await DiskFolder.create()
})

afterEach(async () => {
  if (isSkipped) return
  await DrillNode.endAll()
  await folder.remove()
})

afterAll(() => {
  if (isSkipped) return
  process.stdout.write(
    `class=C10 cases=${counts.cases} faults=${counts.refused} ops=${counts.acked} resumes=${counts.resumes} resume-ms-max=${Math.round(counts.resumeMsMax)} seed=${seed}\n`,
  )
})

test.skipIf(isSkipped)(
  'C10: filled by its own puts, it stops at the reserve, and deletes and merges make room',
  async () => {
    const disk = await folder.ext4(await folder.memory('size=100m'), 64)
    const tenant = await Tenant.start(disk.path, flags)
    const error = await tenant.putUntilRefused()
    expect(error.details).toMatchObject({ freeBytes: expect.any(Number) })
    expect(freeBytes(disk.path)).toBeGreaterThan(2 * mebibyte)
    expect(tenant.keys).toBeGreaterThan(1_000)
    await tenant.expectReads()
    await tenant.delete(tenant.keys / 2)
    await tenant.expectResumed(async () => {
      while (freeBytes(disk.path) < 12 * mebibyte) await tenant.client.merge()
    })
    tenant.expectLines(1)
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C10: filled by others to the last byte, it takes back what it could not write',
  async () => {
    const path = await folder.memory('size=48m')
    const ballast = new Ballast(path)
    const tenant = await Tenant.start(path, flags)
    await tenant.put(200)
    ballast.takeSpace(0)
    expect(freeBytes(path)).toBe(0)
    for (let again = 0; again < 20; again++) await tenant.putUntilRefused()
    await tenant.expectReads()
    await delay(1_200)
    await tenant.putUntilRefused()
    await tenant.expectResumed(async () => ballast.giveBack())
    await tenant.put(50)
    tenant.expectLines(1)
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C10: full in the middle of a merge, it leaves the files as they were',
  async () => {
    const path = await folder.memory('size=100m')
    const ballast = new Ballast(path)
    const tenant = await Tenant.start(path, flags)
    await tenant.put(900)
    await tenant.overwrite(200)
    let failed = 0
    for (let tries = 0; failed === 0 && tries < 10; tries++) {
      // The merge has room when it begins, and none soon after.
      ballast.takeSpace(40 * mebibyte)
      const merge = tenant.client.merge().then(
        () => undefined,
        (error: unknown) => error,
      )
      const outputs = join(path, 'data', 'data')
      const before = readdirSync(outputs).length
      while (readdirSync(outputs).length === before) await delay(0)
      ballast.takeSpace(0)
      const error = await merge
      if (error !== undefined) {
        expect(error).toMatchObject({ code: 'KV_DISK_FULL' })
        failed++
        await tenant.putUntilRefused()
        await tenant.expectReads()
      }
      await tenant.expectResumed(async () => ballast.giveBack())
      await tenant.overwrite(200)
    }
    expect(failed).toBe(1)
    expect(await tenant.client.merge()).toMatchObject({ droppedRecords: expect.any(Number) })
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C10: without a name for the next segment, puts go on to the end of this one',
  async () => {
    const path = await folder.memory('size=64m,nr_inodes=300')
    const ballast = new Ballast(path)
    const tenant = await Tenant.start(path, [...flags, '--disk-reserve-bytes', '0'])
    await tenant.put(100)
    const taken = ballast.takeNames(0)
    expect(taken).toBeGreaterThan(100)
    const before = tenant.keys
    await tenant.putUntilRefused()
    expect(tenant.keys).toBeGreaterThan(before)
    expect(freeBytes(path)).toBeGreaterThan(20 * mebibyte)
    for (let again = 0; again < 20; again++) await tenant.putUntilRefused()
    await tenant.expectReads()
    await tenant.expectResumed(async () => ballast.giveBack())
    await tenant.put(100)
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C10: on a full disk no store is made, and one that is there is opened and read',
  async () => {
    const path = await folder.memory('size=32m')
    const ballast = new Ballast(path)
    const tenant = await Tenant.start(path, flags)
    await tenant.put(200)
    await tenant.node.end('SIGKILL')
    await tenant.client.close()
    ballast.takeSpace(0)
    const other = DrillNode.spawn(join(path, 'other'), { flags })
    const ended = await other.ended
    expect(ended).toMatchObject({ code: 74, signal: null })
    expect(ended.stderr).toMatch(/^kv: [^\n]*full[^\n]*\n$/)

    await tenant.restart()
    await tenant.expectReads()
    await tenant.putUntilRefused()
    await tenant.expectResumed(async () => ballast.giveBack())
    tenant.expectLines(1)
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C10: with few names left puts are refused, and deletes and merges go on',
  async () => {
    const path = await folder.memory('size=64m,nr_inodes=400')
    const ballast = new Ballast(path)
    const tenant = await Tenant.start(path, flags)
    await tenant.put(200)
    ballast.takeNames(24)
    await delay(1_200)
    await tenant.putUntilRefused()
    await tenant.expectReads()
    await tenant.delete(100)
    expect(await tenant.client.merge()).toMatchObject({ liveRecords: tenant.keys - 100 })
    await tenant.expectResumed(async () => ballast.giveBack())
    tenant.expectLines(1)
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C10: merges that start by themselves make room, and puts resume',
  async () => {
    const path = await folder.memory('size=48m')
    const tenant = await Tenant.start(path, ['--segment-bytes', '1MiB'])
    await tenant.putUntilRefused()
    const room = freeBytes(path)
    await tenant.delete(tenant.keys * 0.75)
    // More than was free: only merges can have made room for it.
    const count = Math.ceil((room + 8 * mebibyte) / valueBytes)
    for (let put = 0; put < count; put++) await tenant.expectResumed(async () => undefined)
    const stats = (await tenant.client.stats())['store'] as { merges: { completed: number } }
    expect(stats.merges.completed).toBeGreaterThanOrEqual(1)
    expect(tenant.node.linesWith(lowLine).length).toBeGreaterThanOrEqual(1)
    await tenant.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)('C10: space that comes and goes under load loses nothing', async () => {
  const disk = await folder.ext4(await folder.memory('size=100m'), 64)
  const ballast = new Ballast(disk.path)
  const node = await DrillNode.start(join(disk.path, 'data'), { flags })
  const client = await connect(node.url)
  const expected = new ExpectedState()
  const load = new Load(
    {
      writers: 8,
      keys: 300,
      valueBytesMax: 2_000,
      deleteShare: 0.2,
      isEnd: (error) => !(error instanceof KvError && error.code === 'KV_DISK_FULL'),
    },
    expected,
    seeded(seed),
  )
  const stop = new AbortController()
  const running = load.run(client, stop.signal)
  for (let cycle = 0; cycle < 5; cycle++) {
    const { acknowledged, refused } = load
    while (load.acknowledged < acknowledged + 50) await delay(5)
    ballast.takeSpace(cycle % 2 === 0 ? 0 : mebibyte)
    while (load.refused < refused + 50) await delay(5)
    await delay(200)
    const start = performance.now()
    ballast.giveBack()
    for (;;) {
      const code = await client.put('resumed', `${cycle}`).then(() => 'ok', codeOf)
      if (code === 'ok') break
      assert.equal(code, 'KV_DISK_FULL')
      await delay(20)
    }
    noteResume(performance.now() - start)
  }
  stop.abort()
  await running
  await node.end('SIGKILL')
  await client.close()
  counts.acked += load.acknowledged
  counts.refused += load.refused
  expect(node.linesWith(lowLine).length).toBeLessThanOrEqual(5)
  const again = await DrillNode.start(join(disk.path, 'data'), { flags })
  const found = await contentOf(await connect(again.url))
  expect(found.delete('resumed')).toBe(true)
  expected.check(found)
  counts.cases++
})

test.skipIf(isSkipped)(`C10: all ${scenarios} scenarios were gone through`, () => {
  expect(counts.cases).toBe(scenarios)
  expect(counts.refused).toBeGreaterThanOrEqual(300)
  expect(counts.resumes).toBeGreaterThanOrEqual(scenarios)
})

/** Who keeps its data on the disk: a node, a client, and what must be there. */
class Tenant {
  readonly #path: string
  readonly #flags: readonly string[]
  readonly #values = new Map<number, string>()
  node: DrillNode
  client: Client
  keys = 0

  static async start(path: string, flags: readonly string[]): Promise<Tenant> {
    const node = await DrillNode.start(join(path, 'data'), { flags })
    return new Tenant(path, flags, node, await connect(node.url))
  }

  private constructor(path: string, flags: readonly string[], node: DrillNode, client: Client) {
    this.#path = path
    this.#flags = flags
    this.node = node
    this.client = client
  }

  async put(count: number): Promise<void> {
    for (let put = 0; put < count; put++) await this.#put(this.keys++, 'first')
  }

  async overwrite(count: number): Promise<void> {
    for (let key = 0; key < count; key++) await this.#put(key, `again ${performance.now()}`)
  }

  async delete(count: number): Promise<void> {
    let left = Math.floor(count)
    for (const key of this.#values.keys()) {
      if (left-- === 0) return
      await this.client.delete(`key ${key}`)
      counts.acked++
      this.#values.delete(key)
    }
  }

  /** Puts new keys until the disk is full. */
  async putUntilRefused(): Promise<KvError> {
    for (;;) {
      try {
        await this.#put(this.keys, 'first')
        this.keys++
      } catch (error) {
        assert(error instanceof KvError)
        expect(error).toMatchObject({
          code: 'KV_DISK_FULL',
          retryable: true,
          outcome: 'not-applied',
        })
        expect(await this.client.get(`key ${this.keys}`)).toBeUndefined()
        counts.refused++
        return error
      }
    }
  }

  /** All that was acknowledged is there. */
  async expectReads(): Promise<void> {
    expect(this.#values.size).toBeGreaterThan(50)
    for (const [key, value] of this.#values) {
      const found = await this.client.get(`key ${key}`)
      assert(found?.value.toString() === value, `key ${key} is not what was acknowledged`)
    }
  }

  /** Puts resume by themselves, soon after space was made. */
  async expectResumed(makeSpace: () => Promise<void>): Promise<void> {
    await makeSpace()
    const start = performance.now()
    for (;;) {
      const code = await this.#put(this.keys, 'first').then(() => 'ok', codeOf)
      if (code === 'ok') break
      expect(code).toBe('KV_DISK_FULL')
      expect(performance.now() - start).toBeLessThan(resumeMsMax)
      await delay(20)
    }
    this.keys++
    noteResume(performance.now() - start)
  }

  /** It has said once for each time that the disk was low, and that it no longer is, and nothing of each refusal. */
  expectLines(times: number): void {
    expect(this.node.linesWith(lowLine)).toHaveLength(times)
    expect(this.node.linesWith(roomLine)).toHaveLength(times)
    const bad = this.node.lines.filter(({ level }) => level === 'error' || level === 'fatal')
    expect(bad).toEqual([])
  }

  async expectAllAfterKill(): Promise<void> {
    await this.node.end('SIGKILL')
    await this.client.close()
    await this.restart()
    await this.expectReads()
    const { keys } = (await this.client.stats())['store'] as { keys: number }
    expect(keys).toBe(this.#values.size)
    await this.put(1)
    expect(existsSync(join(this.#path, 'data', 'NODE'))).toBe(true)
    counts.cases++
  }

  async restart(): Promise<void> {
    this.node = await DrillNode.start(join(this.#path, 'data'), { flags: this.#flags })
    this.client = await connect(this.node.url)
  }

  async #put(key: number, text: string): Promise<void> {
    const value = `${text} ${key} `.padEnd(valueBytes, 'x')
    await this.client.put(`key ${key}`, value)
    counts.acked++
    this.#values.set(key, value)
  }
}

function noteResume(ms: number): void {
  expect(ms).toBeLessThan(resumeMsMax)
  counts.resumes++
  counts.resumeMsMax = Math.max(counts.resumeMsMax, ms)
}

function codeOf(error: unknown): string {
  return error instanceof KvError ? error.code : String(error)
}
