/** Cuts a stream of bytes into lines at `\n`. Holds one unfinished line at most, and that no longer than `lineBytesMax`. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Without the line break; a view of a chunk where it lies in one. */
  readonly bytes: Buffer
}

/** A line over the limit; nothing behind it can be read. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError'
  readonly line: number

  constructor(line: number, lineBytesMax: number) {
    super(`the line is over ${lineBytesMax} bytes`)
    this.line = line
  }
}

const lineBreak = 0x0a
const byteOrderMark = Buffer.from('\ufeff')

export class LineSplitter {
  readonly #lineBytesMax: number
  #pieces: Buffer[] = []
  #pieceBytes = 0
  #lines = 0

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** The lines that end in `chunk`. Throws LineTooLongError. */
  *push(chunk: Buffer): Generator<Line> {
    let start = 0
    for (
      let end = chunk.indexOf(lineBreak);
      end !== -1;
      start = end + 1, end = chunk.indexOf(lineBreak, start)
    ) {
      this.#hold(chunk.subarray(start, end))
      yield this.#take()
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
  }

  /** The last line, where it has no line break. */
  *end(): Generator<Line> {
    if (this.#pieceBytes > 0) yield this.#take()
  }

  #hold(piece: Buffer): void {
    this.#pieceBytes += piece.length
    if (this.#pieceBytes > this.#lineBytesMax) {
      throw new LineTooLongError(this.#lines + 1, this.#lineBytesMax)
    }
    this.#pieces.push(piece)
  }

  #take(): Line {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#pieceBytes = 0
    this.#lines++
    return { number: this.#lines, bytes: this.#lines === 1 ? withoutMark(bytes) : bytes }
  }
}

/** Editors on Windows put one at the start of a file. */
function withoutMark(line: Buffer): Buffer {
  const marked = line.subarray(0, byteOrderMark.length).equals(byteOrderMark)
  return marked ? line.subarray(byteOrderMark.length) : line
}
