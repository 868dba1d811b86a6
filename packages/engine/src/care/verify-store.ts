/**
 * Checks every byte of the directory of a closed store that counts, and changes nothing: no file, and no name.
 *
 * It judges as recovery does, and does not stop where recovery refuses: what is wrong with one file does not keep it
 * from looking at the others.
 */
import { type Clock, systemClock } from '../clock.ts'
import { logDirectoryName, mergeDirectoryName, segmentFileName } from '../file-names.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import { nodeFileSystem } from '../file-system/node-file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import { checkedPath } from '../path-argument.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  footerCrc,
  segmentFooterBytes,
  segmentHeaderBytes,
} from '../segment.ts'
import { type CareContext, openOrCode, withCareFile } from './care-context.ts'
import { withCareLock } from './care-lock.ts'
import { Findings, type VerifyReport } from './findings.ts'
import { checkImage } from './image-check.ts'
import type { WalkPosition } from './log-walk.ts'
import { checkOutput, type ExpectedOutput } from './output-check.ts'
import { Pace, type PaceOptions } from './pace.ts'
import { checkSegment, type Successor } from './segment-check.ts'
import { readStoreFiles, type StoreFiles } from './store-files.ts'

/** All optional. */
export interface VerifyOptions extends PaceOptions {
  /** The door to the disk. Default: the real one. */
  readonly fileSystem?: FileSystem | undefined
  /** The door to time. Default: the real one. */
  readonly clock?: Clock | undefined
}

const undone = 'nothing was checked'

/**
 * Checks the store in `directory`, which no process has open; none can open it meanwhile.
 *
 * @throws KvError KV_LOCKED while a store holds the directory, KV_BAD_REQUEST when it holds none, KV_TRY_LATER without
 * a free descriptor, KV_STORAGE_FAILED when folders cannot be read; the signal's reason. A file that cannot be read is a
 * problem in the report.
 */
export async function verifyStore(
  directory: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { fileSystem = nodeFileSystem, clock = systemClock } = options
  const path = checkedPath(directory, 'the directory of the store', undone)
  const pace = new Pace(clock, options)
  return withCareLock(fileSystem, path, undone, () =>
    new StoreVerification({ fileSystem, directory: path, pace, findings: new Findings() }).run(),
  )
}

class StoreVerification {
  readonly #context: CareContext

  constructor(context: CareContext) {
    this.#context = context
  }

  async run(): Promise<VerifyReport> {
    const { fileSystem, directory, pace, findings } = this.#context
    const files = await readStoreFiles(fileSystem, directory, pace, findings, undone)
    const logStart = files.manifest?.logStart.index ?? 0
    const segments = files.segments.filter((id) => id >= logStart)
    const outputs = files.manifest?.files ?? (await this.#outputsByName(files.outputs))
    pace.bytesTotal = pace.bytesDone + (await this.#bytesOf(segments, outputs))
    for (const named of outputs) await this.#checkOutput(named)
    const end = await this.#checkLog(files, segments)
    const logEnd = { index: end.index, chain: end.chain ?? 0 }
    const paths = [
      ...segments.map((id) => ({ path: segmentPath(id) })),
      ...outputs.map(({ id }) => ({ path: outputPath(id) })),
    ]
    await checkImage(this.#context, { manifestCrc: files.manifestCrc, logEnd }, paths)
    return findings.report()
  }

  async #checkOutput(named: ExpectedOutput): Promise<void> {
    await withCareFile(this.#context, outputPath(named.id), 'corruption', (reader, handle) =>
      checkOutput(this.#context, named, reader, handle, false),
    )
  }

  /** Returns where the log ends. */
  async #checkLog(files: StoreFiles, ids: readonly number[]): Promise<WalkPosition> {
    const { findings } = this.#context
    const { manifest, mark } = files
    const mergedAt = manifest?.mergedAt ?? 0
    let position: WalkPosition = manifest?.logStart ?? unknownStart(ids[0] ?? 1)
    if (ids.length === 0) {
      findings.corruption(segmentPath(position.index), 0, 'missing')
      return position
    }
    for (const [place, id] of ids.entries()) {
      if (id !== position.index) {
        const versions = `versions ${position.index} to ${id - 1}`
        findings.corruption(segmentPath(position.index), 0, `missing: ${versions} should be in it`)
        position = unknownStart(id)
      }
      const successor = await this.#successor(ids[place + 1])
      const start = position
      const end = await withCareFile(this.#context, segmentPath(id), 'corruption', (reader) => {
        const expected = {
          id,
          start,
          successor,
          mark,
          mergedAt,
          hasFooter: successor !== undefined,
        }
        return checkSegment(this.#context, { ...expected, hintMayBeMissing: false }, reader)
      })
      position = end?.position ?? unknownStart(successor?.id ?? id)
      // Where it ends too early, that was noted.
      const isBehind = successor !== undefined && position.index > successor.id
      if (isBehind) position = unknownStart(successor.id)
    }
    const last = segmentPath(ids.at(-1)!)
    const ends = `it ends at version ${position.index - 1}, although`
    // Else damage in it was noted.
    if (mark !== undefined && mark.segment > ids.at(-1)!) {
      findings.corruption(last, 0, `${ends} the log was durable up to version ${mark.index}`)
    }
    if (findings.count('corruption') === 0 && mark !== undefined && mark.index >= position.index) {
      findings.corruption(last, 0, `${ends} the log was durable up to version ${mark.index}`)
    }
    if (findings.count('corruption') === 0 && mergedAt >= position.index) {
      findings.corruption(last, 0, `${ends} files were merged as of version ${mergedAt}`)
    }
    return position
  }

  async #successor(id: number | undefined): Promise<Successor | undefined> {
    if (id === undefined) return undefined
    const header = decodeSegmentHeader(await this.#bytesAt(segmentPath(id), 0, segmentHeaderBytes))
    return { id, chainBefore: header?.chainBefore }
  }

  /** Without MANIFEST each merge output is held against its own footer. */
  async #outputsByName(ids: readonly number[]): Promise<ExpectedOutput[]> {
    const outputs: ExpectedOutput[] = []
    for (const id of ids) {
      const bytes = (await this.#sizeOf(outputPath(id))) ?? 0
      const encoded = await this.#bytesAt(
        outputPath(id),
        bytes - segmentFooterBytes,
        segmentFooterBytes,
      )
      const footer = decodeSegmentFooter(encoded)
      outputs.push({
        id,
        bytes,
        records: footer?.records ?? 0,
        lowestIndex: footer?.lowestIndex ?? 1,
        highestIndex: footer?.highestIndex ?? Number.MAX_SAFE_INTEGER,
        lowestKey: undefined,
        highestKey: undefined,
        footerCrc: footer === undefined ? 0 : footerCrc(encoded),
      })
    }
    return outputs
  }

  async #bytesOf(segments: readonly number[], outputs: readonly ExpectedOutput[]): Promise<number> {
    let sum = outputs.reduce((bytes, file) => bytes + file.bytes, 0)
    for (const id of segments) sum += (await this.#sizeOf(segmentPath(id))) ?? 0
    return sum
  }

  async #sizeOf(path: string): Promise<number | undefined> {
    return this.#withHandle(path, (handle) => handle.size())
  }

  /** As many of them as there are. */
  async #bytesAt(path: string, position: number, length: number): Promise<Buffer> {
    const none = Buffer.alloc(0)
    if (position < 0) return none
    const bytes = await this.#withHandle(path, async (handle) => {
      const target = Buffer.alloc(length)
      // What cannot be read is noted when the file is checked.
      return target.subarray(0, await readFully(handle, target, position).catch(() => 0))
    })
    return bytes ?? none
  }

  async #withHandle<T>(
    path: string,
    use: (handle: ReadableFile) => Promise<T>,
  ): Promise<T | undefined> {
    const { fileSystem, directory } = this.#context
    const handle = await openOrCode(fileSystem, `${directory}/${path}`)
    if (typeof handle === 'string') return undefined
    try {
      return await use(handle)
    } finally {
      await handle.close()
    }
  }
}

function unknownStart(index: number): WalkPosition {
  return { index, term: 0, chain: undefined }
}

function segmentPath(id: number): string {
  return `${logDirectoryName}/${segmentFileName(id)}`
}

function outputPath(id: number): string {
  return `${mergeDirectoryName}/${segmentFileName(id)}`
}
