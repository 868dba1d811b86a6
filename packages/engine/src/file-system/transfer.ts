import type { ReadableFile, WritableFile } from './file-system.ts'

/** Fills `target` from byte `position`, over short reads. Returns how many bytes there were: fewer only at the end of the file. */
export async function readFully(
  file: ReadableFile,
  target: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0
  while (done < target.length) {
    const count = await file.read(done === 0 ? target : target.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** As {@link readFully}, in this turn of the event loop. */
export function readFullySync(file: ReadableFile, target: Uint8Array, position: number): number {
  let done = 0
  while (done < target.length) {
    const count = file.readSync(done === 0 ? target : target.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** As {@link writeFully}, in this turn of the event loop. */
export function writeFullySync(file: WritableFile, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) {
    done += file.writeSync(done === 0 ? bytes : bytes.subarray(done), position + done)
  }
}

/** Writes all of `bytes` at `position`, over short writes. */
export async function writeFully(
  file: WritableFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    done += await file.write(done === 0 ? bytes : bytes.subarray(done), position + done)
  }
}
