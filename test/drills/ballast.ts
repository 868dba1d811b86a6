import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const mebibyte = 1024 * 1024

/** What is free on a disk, in bytes. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/** Files of somebody else, which take a disk's space or its names away and give them back. */
export class Ballast {
  readonly #folder: string
  readonly #files: string[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes bytes until `leave` are free, or until there are none. */
  takeSpace(leave: number): void {
    const path = this.#add()
    const file = openSync(path, 'w')
    const zeros = Buffer.alloc(mebibyte)
    try {
      for (let piece = mebibyte; piece >= 512; ) {
        const wanted = Math.min(piece, freeBytes(this.#folder) - leave)
        if (wanted <= 0 && leave > 0) return
        try {
          writeSync(file, zeros, 0, Math.max(512, wanted))
        } catch (error) {
          if (!isFull(error)) throw error
          piece /= 2
        }
      }
    } finally {
      closeSync(file)
    }
  }

  /** Takes names until `leave` are free, or until there are none. Returns how many. */
  takeNames(leave: number): number {
    for (let taken = 0; ; taken++) {
      if (leave > 0 && statfsSync(this.#folder).ffree <= leave) return taken
      try {
        writeFileSync(this.#add(), '')
      } catch (error) {
        if (!isFull(error)) throw error
        return taken
      }
    }
  }

  giveBack(): void {
    for (const path of this.#files.splice(0)) rmSync(path, { force: true })
  }

  #add(): string {
    const path = join(this.#folder, `ballast-${this.#files.length}`)
    this.#files.push(path)
    return path
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOSPC'
}
