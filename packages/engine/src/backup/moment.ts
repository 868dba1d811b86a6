import { DataFile } from '../data-file.ts'
import { KvError } from '../errors.ts'
import type { FileTable } from '../file-table.ts'
import type { Manifest } from '../manifest.ts'
import { segmentKind } from '../segment.ts'

/** A store at one moment, from which a backup can be made while it goes on. */
export interface StoreMoment {
  readonly manifest: Manifest
  /** As they were at the moment: the log in order, then the merge outputs. */
  readonly files: readonly MomentFile[]
  /** Index behind the last record that was visible, in the last segment of the log. */
  readonly endIndex: number
  /** Lets merges remove the files. */
  readonly release: () => Promise<void>
}

export interface MomentFile {
  readonly slot: number
  readonly file: DataFile
  /** The last segment of the log; it is written to further, behind what counts. */
  readonly isLast: boolean
}

/** What a moment is taken from. */
export interface MomentSource {
  readonly files: FileTable
  manifest(): Manifest
  /** Index of the last applied record. */
  appliedIndex(): number
  /** The merge under way, if any. Never rejects. */
  runningMerge(): Promise<void> | undefined
}

/**
 * Takes the moment of this very call, unless a merge is just giving its inputs away: then that of its end. What is
 * visible is in it, so all that was acknowledged is.
 */
export async function takeMoment(source: MomentSource): Promise<StoreMoment> {
  for (;;) {
    const moment = momentNow(source)
    if (moment !== undefined) return moment
    const merge = source.runningMerge()
    if (merge === undefined) {
      throw new KvError(
        'KV_STORAGE_FAILED',
        'a merge has failed between two states of the store; no backup was made; see to the disk and restart',
      )
    }
    await merge
  }
}

/** Undefined when files that the manifest names are gone already. Takes no turn, so nothing changes meanwhile. */
function momentNow(source: MomentSource): StoreMoment | undefined {
  const manifest = source.manifest()
  const byId = new Map<number, readonly [number, DataFile]>()
  const log: (readonly [number, DataFile])[] = []
  for (const entry of source.files.entries()) {
    const [, file] = entry
    if (file.kind === segmentKind.merge) byId.set(file.id, entry)
    else if (file.id >= manifest.logStart.index) log.push(entry)
  }
  log.sort(([, a], [, b]) => a.id - b.id)
  if (log[0]?.[1].id !== manifest.logStart.index) return undefined
  const outputs = manifest.files.map(({ id }) => byId.get(id))
  if (!outputs.every((output) => output !== undefined)) return undefined
  const files = [...log, ...outputs].map(
    ([slot, file], place): MomentFile => ({
      slot,
      file: DataFile.described(file.description()),
      isLast: place === log.length - 1,
    }),
  )
  const release = source.files.pin(files.map(({ slot }) => slot))
  return { manifest, files, endIndex: source.appliedIndex() + 1, release }
}
