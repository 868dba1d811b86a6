/**
 * `keydir.image`: the keydir as it was when the store was closed, so that the next open need not merge the hints.
 * Only a shortcut: whatever is wrong with it, it is as good as none. Little-endian.
 *
 * | part   | what                                                                                    |
 * |--------|-----------------------------------------------------------------------------------------|
 * | parts  | words of the keydir's memory, one part behind the other                                 |
 * | meta   | UTF-8 JSON: {@link ImageMeta}                                                           |
 * | footer | 32 bytes: magic 8, format version 2, zero 2, length of meta 4, length of the parts 8,    |
 * |        | crc32 of meta 4, crc32 of the footer's bytes before 4                                    |
 *
 * It counts only for the very log end and MANIFEST that it names. It is not synced: a crc of each part tells
 * what a power cut has left of it.
 */
import { endianness } from 'node:os'
import { crc32 } from './crc32.ts'
import type { DataFile } from './data-file.ts'
import { keydirImageFileName } from './file-names.ts'
import type { FileSystem, ReadableFile } from './file-system/file-system.ts'
import { readFully, writeFully } from './file-system/transfer.ts'
import type { LogPosition } from './frame.ts'
import { Keydir } from './keydir/keydir.ts'
import { ImageParts, type KeydirImage, type KeydirState } from './keydir/keydir-image.ts'
import { removeIfThere } from './small-file.ts'
import { readU64, writeU64 } from './u64.ts'

const magic = 'kvkeydir'
/** Of this layout, and of what the parts hold: one that was written by another version is none. */
const imageVersion = 2
const footerBytes = 32
const metaBytesMax = 64 * 1024 * 1024
/** Parts read at once. */
const readsInFlightMax = 4

/** What an image is of. */
export interface ImageBasis {
  readonly manifestCrc: number
  readonly logEnd: Pick<LogPosition, 'index' | 'chain'>
}

/** A file, by the slot that the keydir's locations name. */
export interface ImageFile {
  readonly slot: number
  readonly path: string
  readonly liveBytes: number
  readonly liveRecords: number
}

/** What an image says of itself. */
export interface ImageMeta {
  readonly basis: ImageBasis
  readonly files: readonly ImageFile[]
  readonly keydir: KeydirState
  readonly parts: readonly {
    readonly words: number
    readonly capacity: number
    readonly crc: number
  }[]
}

/** Length of the file that {@link writeKeydirImage} would write, about, in bytes. */
export function imageBytes({ parts }: KeydirImage): number {
  return parts.reduce((sum, { words }) => sum + words.byteLength, 0)
}

/** Writes the image, in slices. On an error there is none. */
export async function writeKeydirImage(
  fileSystem: FileSystem,
  directory: string,
  basis: ImageBasis,
  files: readonly ImageFile[],
  image: KeydirImage,
): Promise<void> {
  const path = `${directory}/${keydirImageFileName}`
  await removeIfThere(fileSystem, path)
  const file = await fileSystem.createFile(path)
  try {
    let end = 0
    const parts: ImageMeta['parts'][number][] = []
    for (const { words, capacity } of image.parts) {
      const bytes = bytesOf(words)
      await writeFully(file, bytes, end)
      end += bytes.length
      parts.push({ words: words.length, capacity, crc: crc32(bytes, 0, bytes.length) })
    }
    const meta: ImageMeta = { basis, files, keydir: image.state, parts }
    const text = Buffer.from(JSON.stringify(meta), 'utf8')
    await writeFully(file, Buffer.concat([text, encodeFooter(text, end)]), end)
  } catch (error) {
    await removeIfThere(fileSystem, path).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
}

export function removeKeydirImage(fileSystem: FileSystem, directory: string): Promise<void> {
  return removeIfThere(fileSystem, `${directory}/${keydirImageFileName}`)
}

/** The slots of an image's files and the keydir they belong to. */
export interface LoadedImage {
  readonly keydir: Keydir
  readonly files: readonly ImageFile[]
}

/**
 * Loads the image of a store with just these files and this log end. Undefined when there is none, when it is of
 * another state, or damaged.
 */
export async function loadKeydirImage(
  fileSystem: FileSystem,
  directory: string,
  basis: ImageBasis,
  files: readonly DataFile[],
): Promise<LoadedImage | undefined> {
  if (endianness() !== 'LE') return undefined
  let file: ReadableFile | undefined
  try {
    file = await fileSystem.openForReading(`${directory}/${keydirImageFileName}`)
    const meta = await readImageMeta(file)
    if (meta === undefined || !isOf(meta, basis, files)) return undefined
    const parts = await readParts(file, meta)
    if (parts === undefined) return undefined
    return { keydir: Keydir.fromImage(meta.keydir, new ImageParts(parts)), files: meta.files }
  } catch {
    // An image that cannot be read is as good as none; the files it was made of are what counts.
    return undefined
  } finally {
    await file?.close().catch(() => undefined)
  }
}

/** Whether the image is that of a store with just these files and this log end. */
export function isOf(
  meta: ImageMeta,
  basis: ImageBasis,
  files: readonly Pick<DataFile, 'path'>[],
): boolean {
  const { manifestCrc, logEnd } = meta.basis
  if (manifestCrc !== basis.manifestCrc) return false
  if (logEnd.index !== basis.logEnd.index || logEnd.chain !== basis.logEnd.chain) return false
  const paths = new Set(meta.files.map(({ path }) => path))
  return paths.size === files.length && files.every(({ path }) => paths.has(path))
}

/** Undefined when the file does not end in an undamaged meta and footer. */
export async function readImageMeta(file: ReadableFile): Promise<ImageMeta | undefined> {
  const size = await file.size()
  if (size < footerBytes) return undefined
  const footer = await read(file, size - footerBytes, footerBytes)
  const metaBytes = footer.readUInt32LE(12)
  const partsBytes = readU64(footer, 16)
  const isGood =
    crc32(footer, 0, 28) === footer.readUInt32LE(28) &&
    footer.toString('latin1', 0, 8) === magic &&
    footer.readUInt16LE(8) === imageVersion &&
    metaBytes <= metaBytesMax &&
    partsBytes + metaBytes + footerBytes === size
  if (!isGood) return undefined
  const text = await read(file, partsBytes, metaBytes)
  if (crc32(text, 0, text.length) !== footer.readUInt32LE(24)) return undefined
  return JSON.parse(text.toString('utf8')) as ImageMeta
}

/** The parts, in shared memory; undefined when one of them is damaged. */
async function readParts(
  file: ReadableFile,
  meta: ImageMeta,
): Promise<Int32Array<SharedArrayBuffer>[] | undefined> {
  const parts = meta.parts.map(
    ({ capacity }) => new Int32Array(new SharedArrayBuffer(capacity * 4)),
  )
  let isGood = true
  const readPart = async (place: number, offset: number): Promise<void> => {
    const { words, crc } = meta.parts[place]!
    const bytes = bytesOf(parts[place]!.subarray(0, words))
    // A part that cannot be read is as good as a damaged one.
    const count = await readFully(file, bytes, offset).catch(() => -1)
    isGood &&= count === bytes.length && crc32(bytes, 0, count) === crc
  }
  const reads = new Set<Promise<void>>()
  let offset = 0
  for (const [place, { words }] of meta.parts.entries()) {
    if (reads.size === readsInFlightMax) await Promise.race(reads)
    const reading = readPart(place, offset).finally(() => reads.delete(reading))
    reads.add(reading)
    offset += words * 4
  }
  await Promise.all(reads)
  return isGood ? parts : undefined
}

function encodeFooter(meta: Buffer, partsBytes: number): Buffer {
  const footer = Buffer.alloc(footerBytes)
  footer.write(magic, 0, 'latin1')
  footer.writeUInt16LE(imageVersion, 8)
  footer.writeUInt32LE(meta.length, 12)
  writeU64(footer, partsBytes, 16)
  footer.writeUInt32LE(crc32(meta, 0, meta.length), 24)
  footer.writeUInt32LE(crc32(footer, 0, 28), 28)
  return footer
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array<SharedArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

async function read(file: ReadableFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, await readFully(file, bytes, position))
}
