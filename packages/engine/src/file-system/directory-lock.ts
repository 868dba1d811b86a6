/**
 * The exclusive right to a directory, by listening unix sockets in it named `LOCK.<n>`.
 *
 * Who listens on the highest number holds the directory. The kernel closes a socket with its process,
 * however that dies, and finds it by its inode: so the right ends at once with its owner, and is seen
 * from every network namespace of the host. What is in a lock file never matters, only whether it answers.
 *
 * To take it:
 * 1. List the directory, connect to the highest number h. It answers: the directory is held.
 * 2. Listen on a socket under a name of its own, `link()` it to h + 1. The name is taken: start over.
 * 3. List again. There is a higher number: remove the own name and start over.
 * 4. The directory is held. Remove all lower numbers.
 * To release it, close the socket and leave its name. Who takes it without a trace (to look, not to write) skips the
 * removal in 4, and on release removes its name before it closes the socket.
 *
 * Why two cannot hold it:
 * - The highest number never goes down. A name is removed only by one who saw a higher one (3, 4), and
 *   that one only after a still higher one was seen, and so on.
 * - Let A hold number a: at A's second listing a was the highest. Let X be the first to link a higher one
 *   after that, x. X had seen x - 1 as the highest. It was not above a, or A's listing would have shown
 *   it or a higher one; so it was a itself, and A, who listens from before the link until the release,
 *   answered. Whoever links a lower number sees a, or a higher one, in its second listing and withdraws.
 * - It is why a release leaves the name: with it gone the numbers would start again, and a slow process
 *   that listed long ago could win beside a new holder.
 * - A name without a trace does make the highest number go down. Nobody has built on it: while it was there it
 *   answered, and a name that has gone between listing and connecting makes its finder start over. Nothing was
 *   removed for it either, so that what was the highest number before it is so again.
 *
 * A listing has to be a snapshot. It is one: some dozens of names are read by one `getdents`, under the
 * lock that `link` and `unlink` take too. Not for file systems shared between hosts: another host's
 * sockets do not answer.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, link, lstat, open, readdir, unlink } from 'node:fs/promises'
import type { Server } from 'node:net'
import { connect, createServer } from 'node:net'
import type { DirectoryLock, LockOptions } from './file-system.ts'
import { DirectoryLockedError } from './file-system.ts'

/** Each lost attempt means that another process got further; more of them than this do not start at once. */
const attemptsMax = 64

/** How long a holder may take to say who it is. That it is there shows without waiting. */
const answerMs = 250

/** Bytes that fit into a socket's address: 108 on Linux, 104 on macOS and the BSDs, one of them a NUL. */
const socketPathBytesMax = 103

const unknownHolder = 'another process'
const temporaryPrefix = 'LOCK.take-'
const lockName = /^LOCK\.([1-9][0-9]{0,8})$/
const highestLockNumber = 999_999_999

/** Implements `FileSystem.lockDirectory` for the real disk. */
export async function lockDirectory(
  path: string,
  { leavesNoTrace = false }: LockOptions = {},
): Promise<DirectoryLock> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await take(addressable(path, directory.fd), leavesNoTrace ? path : undefined)
  } finally {
    await directory.close()
  }
}

/** A name of the directory short enough for a socket's address in it. Linux has one for each open descriptor. */
function addressable(path: string, descriptor: number): string {
  const longest = `${path}/${temporaryName()}`
  if (Buffer.byteLength(longest) <= socketPathBytesMax) return path
  if (process.platform === 'linux') return `/proc/self/fd/${descriptor}`
  throw Object.assign(
    new Error(
      `ENAMETOOLONG: the path of the data directory is too long for its lock on this platform, ` +
        `nothing was changed; choose one of at most ${socketPathBytesMax - temporaryName().length - 1} bytes: '${path}'`,
    ),
    { code: 'ENAMETOOLONG', path },
  )
}

/** `tracePath` is the directory to remove the name from on release: what its address stands for may be closed by then. */
async function take(directory: string, tracePath: string | undefined): Promise<DirectoryLock> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const highest = await highestNumber(directory)
    if (highest > 0) {
      const found = await findHolder(`${directory}/LOCK.${highest}`)
      if (found === 'gone') continue
      if (found !== undefined) throw new DirectoryLockedError(found.holder)
    }
    const lock = await claim(directory, highest + 1, tracePath)
    if (lock !== undefined) return lock
  }
  throw new DirectoryLockedError('other processes that are taking it just now')
}

/** Steps 2 to 4. Undefined when another process was faster. */
async function claim(
  directory: string,
  number: number,
  tracePath: string | undefined,
): Promise<DirectoryLock | undefined> {
  if (number > highestLockNumber) {
    throw new Error(`no store wrote LOCK.${number - 1}, and it leaves no number; remove it`)
  }
  const name = `${directory}/LOCK.${number}`
  const temporary = `${directory}/${temporaryName()}`
  const server = await listen(temporary)
  try {
    await chmod(temporary, 0o600).catch(ignoreMissing)
    if (await linkUnlessTaken(temporary, name)) {
      if ((await highestNumber(directory)) === number) {
        if (tracePath !== undefined) {
          return new HeldDirectory(server, `${tracePath}/LOCK.${number}`)
        }
        await removeOlder(directory, number)
        return new HeldDirectory(server, undefined)
      }
      await unlinkIfThere(name)
    }
  } catch (error) {
    await closeServer(server)
    throw error
  }
  await closeServer(server)
  return undefined
}

class HeldDirectory implements DirectoryLock {
  readonly #server: Server
  #traceToRemove: string | undefined

  constructor(server: Server, traceToRemove: string | undefined) {
    this.#server = server
    this.#traceToRemove = traceToRemove
  }

  async release(): Promise<void> {
    const trace = this.#traceToRemove
    this.#traceToRemove = undefined
    try {
      // While it can be found it answers.
      if (trace !== undefined) await unlinkIfThere(trace)
    } finally {
      await closeServer(this.#server)
    }
  }
}

async function highestNumber(directory: string): Promise<number> {
  let highest = 0
  for (const name of await readdir(directory)) highest = Math.max(highest, numberOf(name))
  return highest
}

function numberOf(name: string): number {
  const digits = lockName.exec(name)?.[1]
  return digits === undefined ? 0 : Number(digits)
}

/** Who listens on a socket; undefined when nobody does, or it is no socket. `gone` when it is no longer there. */
async function findHolder(path: string): Promise<{ readonly holder: string } | 'gone' | undefined> {
  // A plain file may be unreadable, which the connect would report before it looks what it is.
  const stats = await lstat(path).catch(ignoreMissing)
  if (stats === undefined) return 'gone'
  if (!stats.isSocket()) return undefined
  return new Promise((resolve, reject) => {
    let connected = false
    let answer = ''
    const socket = connect({ path })
    const timer = setTimeout(() => socket.destroy(), answerMs)
    socket.setEncoding('latin1')
    socket.on('connect', () => {
      connected = true
    })
    socket.on('data', (text) => {
      answer += text
      if (answer.length > 32) socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (connected || error.code === 'EAGAIN') resolve({ holder: unknownHolder })
      else if (error.code === 'ENOENT') resolve('gone')
      else if (isDead(error.code)) resolve(undefined)
      else reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      const holder = /^[0-9]+\n$/.test(answer) ? `process ${answer.trim()}` : unknownHolder
      resolve({ holder })
    })
  })
}

/** Refused: nobody listens. Of another type: not ours. */
function isDead(code: string | undefined): boolean {
  return code === 'ECONNREFUSED' || code === 'EPROTOTYPE'
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.unref()
    socket.end(`${process.pid}\n`, () => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // `exclusive`: in a worker of node:cluster the socket would else belong to the primary and outlive its taker.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  // Out of descriptors, a connection cannot be accepted; that it could be made told the other all it needs.
  server.on('error', () => undefined)
  server.unref()
  return server
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The only error is that it is closed already.
    server.close(() => resolve())
  })
}

/** False when the name is taken, or when a new holder has cleaned the temporary name away. */
async function linkUnlessTaken(temporary: string, name: string): Promise<boolean> {
  try {
    await link(temporary, name)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOENT') return false
    throw error
  } finally {
    await unlinkIfThere(temporary)
  }
}

async function removeOlder(directory: string, number: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const older = numberOf(name)
    if (name.startsWith(temporaryPrefix) || (older > 0 && older < number)) {
      // What cannot be removed, a directory say, is in nobody's way: its number is lower.
      await unlink(`${directory}/${name}`).catch(() => undefined)
    }
  }
}

function unlinkIfThere(path: string): Promise<void> {
  return unlink(path).catch(ignoreMissing)
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

function temporaryName(): string {
  return temporaryPrefix + randomBytes(8).toString('hex')
}
