import cliProgress from 'cli-progress'
import type { Progress } from './run-workload.ts'

/** A bar on a terminal; elsewhere a line for each step. */
export function openProgress(output: NodeJS.WriteStream): Progress {
  return output.isTTY ? new BarProgress(output) : new LineProgress(output)
}

class BarProgress implements Progress {
  readonly #bar: cliProgress.SingleBar
  /** Also when a signal ends the run. */
  readonly #showCursor = (): void => this.#bar.stop()

  constructor(output: NodeJS.WriteStream) {
    this.#bar = new cliProgress.SingleBar({
      stream: output,
      format: '{workload} {bar} {value}/{total} | {duration_formatted} | {text}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
    })
  }

  begin(workload: string, turns: number): void {
    this.#bar.start(turns, 0, { workload, text: '' })
    process.once('exit', this.#showCursor)
  }

  turn(text: string): void {
    this.#bar.update({ text })
  }

  step(text: string): void {
    this.#bar.update({ text })
  }

  turnEnded(): void {
    this.#bar.increment()
  }

  end(): void {
    process.off('exit', this.#showCursor)
    this.#bar.stop()
  }
}

class LineProgress implements Progress {
  readonly #output: NodeJS.WritableStream

  constructor(output: NodeJS.WritableStream) {
    this.#output = output
  }

  begin(workload: string, turns: number): void {
    this.#output.write(`bench: ${workload}: ${turns} turns\n`)
  }

  turn(text: string): void {
    this.#output.write(`bench: ${text}\n`)
  }

  step(): void {
    // Too much for a log.
  }

  turnEnded(): void {
    // The next turn says so.
  }

  end(): void {
    // The table follows.
  }
}
