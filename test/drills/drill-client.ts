import type { Socket } from 'node:net'
import {
  type AnswerByKind,
  KvError,
  type Request,
  type RequestKind,
} from '../../packages/protocol/src/index.ts'
import { RawClient } from '../../packages/server/test/raw-client.ts'

/** Hears what goes out before it does: the local port of the connection, the request's id, the request. */
export type SentRequest = (port: number, id: number, request: Request) => void

/** A connection of the bare protocol, whose requests can be told apart on the server's side too. */
export class DrillClient {
  readonly #client: RawClient
  readonly #port: number
  readonly #sent: SentRequest
  #lastId = 0

  static async open(port: number, sent: SentRequest = () => undefined): Promise<DrillClient> {
    const client = new DrillClient(await RawClient.connect(port), sent)
    await client.ask({ kind: 'hello', versions: [1], clientName: 'drill' })
    return client
  }

  private constructor(client: RawClient, sent: SentRequest) {
    this.#client = client
    this.#port = client.socket.localPort!
    this.#sent = sent
  }

  get socket(): Socket {
    return this.#client.socket
  }

  /** The answer, or the error as a value. */
  tell<Kind extends RequestKind>(
    request: Extract<Request, { kind: Kind }>,
  ): Promise<AnswerByKind<Buffer>[Kind] | KvError> {
    this.#sent(this.#port, ++this.#lastId, request)
    return this.#client.ask(request)
  }

  /** The answer. An error is thrown. */
  async ask<Kind extends RequestKind>(
    request: Extract<Request, { kind: Kind }>,
  ): Promise<AnswerByKind<Buffer>[Kind]> {
    const answer = await this.tell(request)
    if (answer instanceof KvError) throw answer
    return answer
  }

  /** All that the store holds, with versions; keys and values as text, one character a byte. */
  async content(): Promise<Map<string, { value: string; version: number }>> {
    const found = new Map<string, { value: string; version: number }>()
    let gt: Buffer | undefined
    for (;;) {
      const page = await this.ask({
        kind: 'range',
        bounds: gt === undefined ? {} : { gt },
        reverse: false,
        keysOnly: false,
      })
      for (const { key, value, version } of page.entries) {
        found.set(key.toString('latin1'), { value: value!.toString('latin1'), version })
      }
      if (!page.more) return found
      gt = page.resumeKey ?? page.entries.at(-1)?.key
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
