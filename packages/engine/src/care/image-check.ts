import { endianness } from 'node:os'
import { keydirImageFileName } from '../file-names.ts'
import { type ImageBasis, type ImageMeta, isOf, readImageMeta } from '../keydir-image-file.ts'
import { type CareContext, openOrCode, readWithCare } from './care-context.ts'
import type { CareReader } from './care-reader.ts'

/** Checks every checksum of `keydir.image`, if it is there, and that it is of this store as it is. */
export async function checkImage(
  context: CareContext,
  basis: ImageBasis,
  files: readonly { readonly path: string }[],
): Promise<void> {
  const { fileSystem, directory, findings } = context
  const path = keydirImageFileName
  const file = await openOrCode(fileSystem, `${directory}/${path}`)
  if (file === 'ENOENT') return
  if (typeof file === 'string') {
    findings.add('shortcut', path, 0, `it cannot be opened (${file})`)
    return
  }
  try {
    const meta = await readImageMeta(file).catch(() => undefined)
    await readWithCare(context, path, 'shortcut', file, await file.size(), async (reader) => {
      const what = await problemOf(reader, meta, basis, files)
      if (what !== undefined)
        findings.add('shortcut', path, 0, `${what}: the next open merges the hints`)
    })
  } finally {
    await file.close()
  }
}

async function problemOf(
  reader: CareReader,
  meta: ImageMeta | undefined,
  basis: ImageBasis,
  files: readonly { readonly path: string }[],
): Promise<string | undefined> {
  if (meta === undefined) return 'damaged, or of another program version'
  let at = 0
  for (const { words, crc } of meta.parts) {
    const end = at + words * 4
    if ((await reader.crc(at, end)) !== crc) return 'a damaged part'
    at = end
  }
  if (endianness() !== 'LE') return 'it is read on little-endian machines only'
  return isOf(meta, basis, files) ? undefined : 'it is of another state of the store'
}
