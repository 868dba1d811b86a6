import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { OpenSession, Session, Value } from './session.ts'

/**
 * RESP 2 over bare sockets, one command under way on each, as redis-benchmark does without pipelining: to
 * compare the driver with it, with no client library between them. Reads the bytes of an answer only as far as
 * to know that it is whole.
 */
export const open: OpenSession = async ({ port }) => new RedisSocketSession(port!)

class RedisSocketSession implements Session {
  readonly #port: number
  readonly #all: CommandSocket[] = []
  readonly #idle: CommandSocket[] = []

  constructor(port: number) {
    this.#port = port
  }

  put(key: string, { text }: Value): Promise<unknown> {
    return this.#send(
      `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${text.length}\r\n${text}\r\n`,
    )
  }

  get(key: string): Promise<string | undefined> {
    return this.#send(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`)
  }

  delete(key: string): Promise<unknown> {
    return this.#send(`*2\r\n$3\r\nDEL\r\n$${key.length}\r\n${key}\r\n`)
  }

  async close(): Promise<void> {
    for (const socket of this.#all) socket.end()
  }

  /** As many sockets as commands were ever under way at once. */
  async #send(command: string): Promise<string | undefined> {
    const socket = this.#idle.pop() ?? (await this.#connect())
    const answer = await socket.send(command)
    this.#idle.push(socket)
    return answer
  }

  async #connect(): Promise<CommandSocket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const command = new CommandSocket(socket)
    this.#all.push(command)
    return command
  }
}

/** A connection with one command under way at most. */
class CommandSocket {
  readonly #socket: Socket
  #received = ''
  #resolve: (answer: string | undefined) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#receive(text))
    socket.on('error', (error) => this.#reject(error))
  }

  send(command: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#socket.write(command, 'latin1')
    })
  }

  end(): void {
    this.#socket.end()
  }

  /** `+OK`, `:1`, `-ERR ...`, `$-1` for nothing, `$100` and then the value. */
  #receive(text: string): void {
    this.#received += text
    const lineEnd = this.#received.indexOf('\r\n')
    if (lineEnd < 0) return
    const line = this.#received.slice(0, lineEnd)
    if (line.startsWith('-')) {
      this.#received = ''
      this.#reject(new Error(line.slice(1)))
      return
    }
    let answer: string | undefined = line.slice(1)
    if (line.startsWith('$')) {
      const length = Number(answer)
      const valueAt = lineEnd + 2
      if (length >= 0 && this.#received.length < valueAt + length + 2) return
      answer = length < 0 ? undefined : this.#received.slice(valueAt, valueAt + length)
    }
    this.#received = ''
    this.#resolve(answer)
  }
}
