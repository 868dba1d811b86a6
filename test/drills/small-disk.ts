/** Disks of a few MiB for a drill alone: file systems in memory, and ext4 on loop devices over images that lie in one. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { run } from './command.ts'

const quietTriesMax = 200

/** A folder with what was mounted and attached below it, undone as a whole. */
export class DiskFolder {
  readonly path: string
  /** Undone last first. */
  readonly #undo: (() => Promise<unknown>)[] = []
  #names = 0

  static async create(): Promise<DiskFolder> {
    return new DiskFolder(await mkdtemp(join(tmpdir(), 'kv-drill-')))
  }

  private constructor(path: string) {
    this.path = path
  }

  /** Mounts a file system in memory; `options` as of tmpfs(5), such as `size=64m`. */
  async memory(options: string): Promise<string> {
    const path = await this.#folder()
    await run('mount', '-t', 'tmpfs', '-o', options, 'kv-drill', path)
    this.#undo.push(() => unmount(path))
    return path
  }

  /** Makes an ext4 of so many MiB on an image in the folder `images`, and mounts it. */
  async ext4(images: string, mebibytes: number): Promise<LoopDisk> {
    const image = join(images, this.#name())
    await run('truncate', '-s', `${mebibytes}M`, image)
    // No blocks that only root may use: the node runs as root here, and not where it matters.
    await run('mkfs.ext4', '-q', '-m', '0', image)
    return this.mountImage(image)
  }

  async mountImage(image: string): Promise<LoopDisk> {
    const path = await this.#folder()
    const device = await run('losetup', '--find', '--show', image)
    const disk = new LoopDisk(image, device, path)
    this.#undo.push(() => disk.remove())
    await run('mount', '-t', 'ext4', device, path)
    return disk
  }

  /**
   * The image as the disk has it at this moment, beside it: what the kernel holds back is not in it. Nobody may be
   * writing; that the kernel does not either, of its own accord, is seen to.
   */
  async cut(disk: LoopDisk): Promise<string> {
    const copy = `${disk.image}.${this.#name()}`
    for (let tries = 0; tries < quietTriesMax; tries++) {
      const before = await disk.writes()
      await run('cp', '--sparse=always', disk.image, copy)
      const after = await disk.writes()
      if (before.underWay + after.underWay === 0 && before.done === after.done) return copy
      await delay(2)
    }
    throw new Error('the kernel did not stop writing to the loop device')
  }

  async remove(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo()
    await rm(this.path, { recursive: true })
  }

  async #folder(): Promise<string> {
    const path = join(this.path, this.#name())
    await mkdir(path)
    return path
  }

  #name(): string {
    return `${++this.#names}`
  }
}

/** An ext4 on a loop device. */
export class LoopDisk {
  readonly image: string
  readonly path: string
  readonly #device: string
  #isThere = true

  constructor(image: string, device: string, path: string) {
    this.image = image
    this.#device = device
    this.path = path
  }

  /** Writes that the device has done, and that it is doing: fields of Linux' block/stat. */
  async writes(): Promise<{ done: string; underWay: number }> {
    const stat = await readFile(`/sys/block/${basename(this.#device)}/stat`, 'latin1')
    const fields = stat.trim().split(/\s+/)
    return { done: `${fields[4]} ${fields[6]}`, underWay: Number(fields[8]) }
  }

  /** Unmounts it, and removes the image. */
  async remove(): Promise<void> {
    if (!this.#isThere) return
    this.#isThere = false
    await unmount(this.path).catch(() => undefined)
    await run('losetup', '--detach', this.#device)
    await rm(this.image)
  }
}

/** A process that has just ended may hold it a little longer. */
async function unmount(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await run('umount', path)
      return
    } catch (error) {
      if (tries === 100 || !String(error).includes('busy')) throw error
      await delay(20)
    }
  }
}
