/** The names in a data directory, both ways. Numbers are padded, so that a listing is in order. */

export const nodeFileName = 'NODE'
export const manifestFileName = 'MANIFEST'
export const marksFileName = 'marks'
export const keydirImageFileName = 'keydir.image'
export const logDirectoryName = 'log'
export const mergeDirectoryName = 'data'
export const lostDirectoryName = 'lost'
/** The segment that follows the active one, until its name says where it starts. */
export const nextSegmentFileName = 'next'
/** Ending of a file that is being written and takes its real name by a rename. */
export const temporarySuffix = '.tmp'

const segmentPattern = /^([0-9]{16})\.data$/

/** Of a log segment by its first index, of a merge output by its id. */
export function segmentFileName(id: number): string {
  return `${padded(id)}.data`
}

export function hintFileName(id: number): string {
  return `${padded(id)}.hint`
}

/** The number in a segment's file name, or undefined for any other name. */
export function parseSegmentFileName(name: string): number | undefined {
  const digits = segmentPattern.exec(name)?.[1]
  if (digits === undefined) return undefined
  const id = Number(digits)
  return Number.isSafeInteger(id) ? id : undefined
}

/** Of bytes cut off the log at `offset` of the segment that starts at `firstIndex`. */
export function lostFileName(firstIndex: number, offset: number, serial: number): string {
  return `${padded(firstIndex)}-${offset}-${serial}.cut`
}

function padded(id: number): string {
  return String(id).padStart(16, '0')
}
