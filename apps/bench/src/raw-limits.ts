/** What this machine, its system and Node give at best: the floor under every latency, the ceiling over every rate. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, fstatSync, openSync, read, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { randomFrom } from './driver/random.ts'

type RecordMs = (ms: number) => void

export interface Duration {
  readonly durationMs: number
}

/** A put of 16 B key and 100 B value, as our log has it. */
const appendBytes = 148
const preparedBytes = 16 * 2 ** 20
const mebi = 2 ** 20

/**
 * Appends and `fdatasync`s one after the other: to a file that grows, which makes the system write its size too,
 * or into space that was written before. Bare calls, without the thread pool.
 */
export async function syncLatency(
  path: string,
  space: 'growing' | 'prepared',
  { durationMs }: Duration,
  record: RecordMs,
): Promise<void> {
  const file = await open(path, 'w')
  try {
    if (space === 'prepared') {
      await file.write(Buffer.alloc(preparedBytes), 0, preparedBytes, 0)
      await file.sync()
    }
    const bytes = Buffer.alloc(appendBytes, 1)
    const endAt = performance.now() + durationMs
    let position = 0
    while (performance.now() < endAt) {
      const startedAt = performance.now()
      writeSync(file.fd, bytes, 0, appendBytes, position)
      fdatasyncSync(file.fd)
      record(performance.now() - startedAt)
      position += appendBytes
      if (space === 'prepared' && position + appendBytes > preparedBytes) position = 0
    }
  } finally {
    await file.close()
  }
}

/** Gives bytes a second, one `fdatasync` at the end included. */
export async function sequentialWrite(path: string, bytesTotal: number): Promise<number> {
  const chunk = Buffer.alloc(mebi, 1)
  const file = await open(path, 'w')
  try {
    const startedAt = performance.now()
    for (let at = 0; at < bytesTotal; at += mebi) await file.write(chunk, 0, mebi, at)
    await file.datasync()
    return bytesTotal / ((performance.now() - startedAt) / 1_000)
  } finally {
    await file.close()
  }
}

/** Answers what it is sent, and says its port first; ends with its input, which is ours. */
const echoProgram = `
  const server = require('node:net').createServer({ noDelay: true }, (socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
  process.stdin.on('end', () => process.exit()).resume()
`

/** Sends a message of 148 bytes to another process on the loopback and waits for it to come back, again and again. */
export async function echoLatency({ durationMs }: Duration, record: RecordMs): Promise<void> {
  const child = spawn(process.execPath, ['-e', echoProgram], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const socket = connect({ port: Number(line), host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const message = Buffer.alloc(appendBytes, 1)
    const endAt = performance.now() + durationMs
    await new Promise<void>((resolve, reject) => {
      let startedAt = 0
      let received = 0
      const send = (): void => {
        received = 0
        startedAt = performance.now()
        socket.write(message)
      }
      socket.on('error', reject)
      socket.on('data', (bytes) => {
        received += bytes.length
        if (received < appendBytes) return
        const now = performance.now()
        record(now - startedAt)
        if (now < endAt) send()
        else resolve()
      })
      send()
    })
    socket.destroy()
  } finally {
    child.kill('SIGKILL')
    await exit
  }
}

interface RandomReads {
  readonly bytes: number
  /** Reads under way at once; Node's thread pool does four of them at a time unless told otherwise. */
  readonly depth: number
  readonly measureMs: number
}

/** Reads at random places of `files`, each place as likely as any other; gives reads a second. */
export async function randomReads(
  files: readonly string[],
  { bytes, depth, measureMs }: RandomReads,
  record: RecordMs,
): Promise<number> {
  const opened = files.map((path) => {
    const fd = openSync(path, 'r')
    return { fd, places: Math.max(0, fstatSync(fd).size - bytes) }
  })
  const places = opened.reduce((sum, each) => sum + each.places, 0)
  if (places === 0) throw new Error(`no file is larger than ${bytes} bytes`)
  const random = randomFrom(1)
  const startedAt = performance.now()
  let reads = 0

  const readOne = (buffer: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      let place = Math.floor(random() * places)
      const file = opened.find((each) => {
        if (place < each.places) return true
        place -= each.places
        return false
      })!
      const readAt = performance.now()
      read(file.fd, buffer, 0, bytes, place, (error) => {
        if (error !== null) return reject(error)
        record(performance.now() - readAt)
        reads++
        resolve()
      })
    })
  const lane = async (): Promise<void> => {
    const buffer = Buffer.alloc(bytes)
    while (performance.now() - startedAt < measureMs) await readOne(buffer)
  }

  try {
    await Promise.all(Array.from({ length: depth }, lane))
    return reads / ((performance.now() - startedAt) / 1_000)
  } finally {
    for (const { fd } of opened) closeSync(fd)
  }
}
