import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { MemoryCgroup } from '../memory-cgroup.ts'
import { withoutTuning } from '../without-tuning.ts'
import type { StepName, StepReply, StepRequest, Steps } from './steps.ts'

const mainFile = join(import.meta.dirname, 'main.ts')
const nodeOptions = ['--expose-gc']
/** Runs a command in a control group. */
const enterCgroup = 'echo $$ > "$0" && exec "$@"'
const errorBytesMax = 8_192
/** Ten million keys are loaded in one step. */
const stepMsMax = 30 * 60_000

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

  /**
   * Without the variables that would tune Node; `environment`: those that are wanted, which a report must show. In a
   * `cgroup` it is from its first instruction on, as in a container: Node plans its heap by the limit that it finds
   * when it starts.
   */
  static start(environment: NodeJS.ProcessEnv = {}, cgroup?: MemoryCgroup): Driver {
    const child = fork(mainFile, [], {
      env: { ...withoutTuning(process.env), ...environment },
      ...(cgroup === undefined ? { execArgv: nodeOptions } : inCgroup(cgroup)),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    return new Driver(child)
  }

  /** Throws what the step threw, or how the process ended. */
  async do<Name extends StepName>(
    step: Name,
    ...[asks]: Steps[Name]['asks'] extends undefined ? [] : [Steps[Name]['asks']]
  ): Promise<Steps[Name]['answers']> {
    const request: StepRequest = { step, asks }
    const replied = once(this.#child, 'message') as Promise<[StepReply]>
    this.#child.send(request)
    const waiting = new AbortController()
    const limit = delay(stepMsMax, undefined, { signal: waiting.signal }).then(() => {
      throw new Error(`the step ${step} has not ended within ${stepMsMax / 60_000} minutes`)
    })
    try {
      const reply = await Promise.race([replied.then(([reply]) => reply), this.#died(), limit])
      if (reply.ok) return reply.answer as Steps[Name]['answers']
      throw new Error(reply.message, { cause: reply.stack })
    } finally {
      // Also when the driver died: a timer would keep the bench from ending.
      waiting.abort()
    }
  }

  /** Ends the loop that is running; its step then gives what it has measured. */
  stopLoop(): void {
    if (this.#child.connected) this.#child.send({ stop: true })
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

/** The shell goes in and becomes the driver. */
function inCgroup({ processesFile }: MemoryCgroup): { execPath: string; execArgv: string[] } {
  const driver = [process.execPath, ...nodeOptions]
  return { execPath: '/bin/sh', execArgv: ['-c', enterCgroup, processesFile, ...driver] }
}
