import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { StepName, StepReply, StepRequest, Steps } from './steps.ts'

const mainFile = join(import.meta.dirname, 'main.ts')
const errorBytesMax = 8_192

/** The handle of a driver process (main.ts). Does one step at a time. */
export class Driver {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  #errors = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exit = once(child, 'exit')
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = `${this.#errors}${text}`.slice(-errorBytesMax)
    })
    child.stdout?.resume()
  }

  /** `execArgv`: further flags of Node, each of which the caller must show in its report. */
  static start(execArgv: readonly string[] = []): Driver {
    const child = fork(mainFile, [], {
      execArgv: ['--expose-gc', ...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    return new Driver(child)
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the driver did not start')
    return this.#child.pid
  }

  /** Throws what the step threw, or how the process ended. */
  async do<Name extends StepName>(
    step: Name,
    ...[asks]: Steps[Name]['asks'] extends undefined ? [] : [Steps[Name]['asks']]
  ): Promise<Steps[Name]['answers']> {
    const request: StepRequest = { step, asks }
    const replied = once(this.#child, 'message') as Promise<[StepReply]>
    this.#child.send(request)
    const reply = await Promise.race([replied.then(([reply]) => reply), this.#died()])
    if (reply.ok) return reply.answer as Steps[Name]['answers']
    throw new Error(reply.message, { cause: reply.stack })
  }

  /** Ends the loop that is running; its step then gives what it has measured. */
  stopLoop(): void {
    this.#child.send({ stop: true })
  }

  /** Ends the process by its pid, without closing the session first, and waits. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  async #died(): Promise<never> {
    const [code, signal] = await this.#exit
    const output = this.#errors.trim()
    throw new Error(`the driver ended with ${String(signal ?? code)}${output && `: ${output}`}`)
  }
}
