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
 * To release it, close the socket and leave its name.
 *
 * Whoever only reads leaves no trace: it removes no lower number, and to release the directory it removes its own
 * name, then closes the socket. Where it cannot make a name, as on a disk that is mounted read-only, it makes sure
 * that nobody holds the directory, and goes without.
 *
 * Why two cannot hold it:
 * - The highest number that nobody listens on never goes down. Such a name is removed only by one who saw a higher
 *   one (3, 4), and that one only after a still higher one was seen, and so on. What a reader removes is a name that
 *   it listens on; whoever has listed it meanwhile connects to it or finds it gone, and then starts over.
 * - Let A hold number a: at A's second listing a was the highest. Let X be the first to link a higher one
 *   after that, x. X had seen x - 1 as the highest. It was not above a, or A's listing would have shown
 *   it or a higher one; so it was a itself, and A, who listens from before the link until the release,
 *   answered. Whoever links a lower number sees a, or a higher one, in its second listing and withdraws.
 * - It is why a release leaves the name: with it gone the numbers would start again, and a slow process
 *   that listed long ago could win beside a new holder.
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
import type { DirectoryLock, DirectoryUse } from './file-system.ts'
import { DirectoryLockedError } from './file-system.ts'

/** Each lost attempt means that another process got further; more of them than this do not start at once. */
const attemptsMax = 64

/**
 * How long a holder may take to say who it is; on a busy machine it may be off its core for some 100 ms. That it is
 * there shows without waiting.
 */
const answerMs = 2_000

/** Bytes that fit into a socket's address: 108 on Linux, 104 on macOS and the BSDs, one of them a NUL. */
const socketPathBytesMax = 103

const unknownHolder = 'another process'
const temporaryPrefix = 'LOCK.take-'
const lockName = /^LOCK\.([1-9][0-9]{0,8})$/
const highestLockNumber = 999_999_999

/** Implements `FileSystem.lockDirectory` for the real disk. */
export async function lockDirectory(
  path: string,
  use: DirectoryUse = 'write',
): Promise<DirectoryLock> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await take(addressable(path, directory.fd), path, use)
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

/** `directory` is good as long as its descriptor is open, `path` also behind that. */
async function take(directory: string, path: string, use: DirectoryUse): Promise<DirectoryLock> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const highest = await highestNumber(directory)
    if (highest > 0) {
      const holder = await findHolder(`${directory}/LOCK.${highest}`)
      if (holder === gone) continue
      if (holder !== undefined) throw new DirectoryLockedError(holder)
    }
    const number = highest + 1
    try {
      const server = await claim(directory, number, use)
      if (server === undefined) continue
      return new HeldDirectory(server, use === 'read' ? `${path}/LOCK.${number}` : undefined)
    } catch (error) {
      if (use === 'read' && isNotWritable(error)) return unheldDirectory
      throw error
    }
  }
  throw new DirectoryLockedError('other processes that are taking it just now')
}

/** Steps 2 to 4. Undefined when another process was faster. */
async function claim(
  directory: string,
  number: number,
  use: DirectoryUse,
): Promise<Server | undefined> {
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
        if (use === 'write') await removeOlder(directory, number)
        return server
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
  #passingName: string | undefined

  /** `passingName` goes with the release, while the socket still answers. */
  constructor(server: Server, passingName?: string) {
    this.#server = server
    this.#passingName = passingName
  }

  async release(): Promise<void> {
    const name = this.#passingName
    // Once it is gone it may be somebody else's.
    this.#passingName = undefined
    // One that cannot be removed is as the one that a killed process leaves.
    if (name !== undefined) await unlink(name).catch(() => undefined)
    await closeServer(this.#server)
  }
}

/** Of a directory that nobody can write to: nobody with the same rights holds it. */
const unheldDirectory: DirectoryLock = { release: async () => undefined }

function isNotWritable(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
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

/** A name that was listed is not there any more. */
const gone = Symbol('gone')

/** Who listens on a socket; undefined when nobody does, or it is no socket. */
async function findHolder(path: string): Promise<string | undefined | typeof gone> {
  // A plain file may be unreadable, which the connect would report before it looks what it is.
  const stats = await lstat(path).catch(ignoreMissing)
  if (stats === undefined) return gone
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
      if (connected || error.code === 'EAGAIN') resolve(unknownHolder)
      else if (error.code === 'ENOENT') resolve(gone)
      else if (isDead(error.code)) resolve(undefined)
      else reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(/^[0-9]+\n$/.test(answer) ? `process ${answer.trim()}` : unknownHolder)
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
