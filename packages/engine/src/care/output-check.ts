import { hintFileName, mergeDirectoryName, segmentFileName } from '../file-names.ts'
import type { ReadableFile } from '../file-system/file-system.ts'
import type { ManifestFile } from '../manifest.ts'
import type { RecordView } from '../record.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  footerCrc,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import type { CareContext } from './care-context.ts'
import type { CareReader } from './care-reader.ts'
import { HintCheck } from './hint-check.ts'
import { OutputWalk } from './output-walk.ts'

/** A merge output as MANIFEST names it; without MANIFEST its keys have no bounds. */
export interface ExpectedOutput
  extends Omit<ManifestFile, 'lowestKey' | 'highestKey' | 'tombstoneBytes'> {
  readonly lowestKey: Buffer | undefined
  readonly highestKey: Buffer | undefined
}

/** Checks every byte of a merge output against what MANIFEST says of it, and its hint against its records. */
export async function checkOutput(
  context: CareContext,
  named: ExpectedOutput,
  reader: CareReader,
  handle: ReadableFile,
  hintMayBeMissing: boolean,
): Promise<void> {
  const { findings } = context
  const path = `${mergeDirectoryName}/${segmentFileName(named.id)}`
  const wrong = (offset: number, what: string): void => findings.corruption(path, offset, what)
  const bytes = await handle.size()
  if (bytes !== named.bytes) wrong(0, `${bytes} bytes long instead of ${named.bytes}`)
  const header = decodeSegmentHeader(Buffer.from(await reader.view(0, segmentHeaderBytes)))
  const isOwn =
    header?.kind === segmentKind.merge && header.chainBefore === 0 && header.firstIndex === 0
  if (!isOwn) wrong(0, header === undefined ? 'a bad header' : 'the header of another file')
  const to = Math.max(segmentHeaderBytes, reader.bytes - segmentFooterBytes)
  const encodedFooter = Buffer.from(await reader.view(to, segmentFooterBytes))
  const footer = decodeSegmentFooter(encodedFooter)
  if (footer?.kind !== segmentKind.merge || footerCrc(encodedFooter) !== named.footerCrc) {
    wrong(to, 'a footer that is not the one MANIFEST names')
  }
  const hintPath = `${mergeDirectoryName}/${hintFileName(named.id)}`
  const hint = await HintCheck.open(context, hintPath, named.footerCrc, hintMayBeMissing)
  try {
    const seen = new SeenRecords()
    const walk = new OutputWalk(
      reader,
      context.pace,
      {
        from: segmentHeaderBytes,
        to,
        chainAfter: footer?.chainAfter,
        lowestIndex: named.lowestIndex,
        highestIndex: named.highestIndex,
      },
      {
        record: (record, offset) => {
          findings.records++
          seen.add(record)
          const { kind, key, size, index, expiresAt } = record
          return hint?.expect({ kind, key, offset, size, index, expiresAt })
        },
        damage: (from, end) => wrong(from, `a bad record; nothing certain up to byte ${end}`),
      },
    )
    const { isWhole, chain } = await walk.run()
    if (!isWhole) return
    await hint?.finish()
    if (footer !== undefined && chain !== footer.chainAfter) {
      wrong(to, 'a footer that does not continue the records')
    }
    const difference = seen.differenceFrom(named)
    if (difference !== undefined) wrong(0, `${difference} other than MANIFEST says`)
  } finally {
    await hint?.close()
  }
}

/** What a file holds, to be held against what MANIFEST says. */
class SeenRecords {
  #records = 0
  #lowestIndex = Number.POSITIVE_INFINITY
  #highestIndex = 0
  #lowestKey: Buffer | undefined
  #highestKey: Buffer = Buffer.alloc(0)

  add({ index, key }: RecordView): void {
    this.#records++
    this.#lowestIndex = Math.min(this.#lowestIndex, index)
    this.#highestIndex = Math.max(this.#highestIndex, index)
    this.#lowestKey ??= Buffer.from(key)
    if (this.#highestKey.length === key.length) key.copy(this.#highestKey)
    else this.#highestKey = Buffer.from(key)
  }

  differenceFrom(named: ExpectedOutput): string | undefined {
    if (this.#records !== named.records) return `${this.#records} records`
    if (this.#lowestIndex !== named.lowestIndex || this.#highestIndex !== named.highestIndex) {
      return `versions ${this.#lowestIndex} to ${this.#highestIndex}`
    }
    const { lowestKey, highestKey } = named
    if (lowestKey === undefined || highestKey === undefined) return undefined
    const isInBounds =
      this.#lowestKey?.equals(lowestKey) === true && this.#highestKey.equals(highestKey)
    return isInBounds ? undefined : 'lowest and highest keys'
  }
}
