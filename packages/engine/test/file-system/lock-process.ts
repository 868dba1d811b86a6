import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('lock-process-main.ts', import.meta.url))

type Child = ChildProcessByStdio<Writable, Readable, null>

/** A child process that takes directory locks on command (`lock-process-main.ts`). */
export class LockProcess {
  readonly #child: Child
  readonly #lines: AsyncIterator<string>

  private constructor(child: Child) {
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** `wrapper` is a command that runs the process in its place, such as `unshare --net`. */
  static async start(wrapper: readonly string[] = []): Promise<LockProcess> {
    const [command, ...args] = [...wrapper, process.execPath, main]
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const started = new LockProcess(child)
    await started.#answer()
    return started
  }

  get pid(): number {
    return this.#child.pid!
  }

  take(directory: string): Promise<string> {
    this.#child.stdin.write(`take ${directory}\n`)
    return this.#answer()
  }

  release(): Promise<string> {
    this.#child.stdin.write('release\n')
    return this.#answer()
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  /** Ends the process as `kill -9` does and waits for its end. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`process ${this.#child.pid} ended before it answered`)
    return value
  }
}
