/**
 * What a merge takes in: a pure function of what the files look like.
 *
 * Merges start when the share of garbage in the whole store reaches `deadRatioMin`, and take the files with the
 * highest share: so the fewest live bytes are copied for what is won, as in the cleaning of a log-structured file
 * system (Rosenblum and Ousterhout, "The Design and Implementation of a Log-Structured File System", TOCS 1992,
 * §3.4). One merge copies a small part of what lives, because its inputs and its outputs stand side by side
 * until it is done. At steady overwrite the store stays below 1 / (1 - deadRatioMin) of its live bytes and what
 * one merge and one segment add.
 *
 * Garbage is what a merge of the file alone would win: a tombstone that an earlier merge had to keep is none.
 * Such a tombstone goes only together with every output that may hold an older record of its key. Without this
 * distinction a file of nothing but tombstones would be merged into itself for ever.
 */
import type { DataFile } from '../data-file.ts'

/** A sealed file, as the policy sees it. Sizes in bytes. */
export type MergeCandidate = { readonly slot: number } & Readonly<
  Pick<
    DataFile,
    | 'bytes'
    | 'deadBytes'
    | 'keptTombstoneBytes'
    | 'liveRecords'
    | 'lowestIndex'
    | 'highestIndex'
    | 'lowestKey'
    | 'highestKey'
  >
>

/** The files of a store. */
export interface MergeCandidates {
  /** The sealed prefix of the log, oldest first. */
  readonly log: readonly MergeCandidate[]
  readonly outputs: readonly MergeCandidate[]
  /** The rest of the log, the active segment included. */
  readonly unsealed: { readonly bytes: number; readonly deadBytes: number }
}

export interface MergePolicyOptions {
  /** Share of garbage in the whole store from which merges start, 0..1. */
  readonly deadRatioMin: number
  /** A merge closes an output at this size, in bytes. */
  readonly outputBytes: number
  /** The inputs of one merge together, in bytes; one file is always allowed. */
  readonly inputBytesMax: number
  /** What the outputs of one merge may take, in bytes: there is no room for more. */
  readonly roomBytes: number
}

export interface MergeChoice {
  /** The slots to merge; none when nothing is worth it, or nothing of it fits. */
  readonly slots: readonly number[]
  /** What the smallest merge worth making needs, in bytes, when there is no room even for that. */
  readonly neededBytes: number | undefined
}

/** A file with this share of garbage is merged whatever the rest of the store looks like: next to nothing is copied. */
const nearlyDeadRatio = 0.75
/** Beside the deadest, a merge takes what has nearly as high a share of garbage. */
const nearlyAsDead = 0.85
/** One merge copies this share of what is no garbage at most, but one file is always allowed. */
const copiedShareMax = 1 / 8
/** As above, when it is tombstones that are to go: that takes several files. */
const copiedShareForTombstonesMax = 1 / 2
/** Outputs below a quarter of the size of an output are joined when there are so many. */
const smallFilesMin = 4
/** Tombstones that were kept are worth a merge from this part of `deadRatioMin` on, when garbage makes up for the rest. */
const tombstoneShareMin = 1 / 4
/** Of the outputs with the most tombstones so many are looked at. */
const tombstoneFilesMax = 4
/** Of a record in a hint, in bytes: with a key of some 40. */
const hintBytesPerRecord = 64

const nothing: MergeChoice = { slots: [], neededBytes: undefined }

/** The slots that are worth a merge now. Inputs are any outputs plus a prefix of the sealed log. */
export function chooseInputs(
  candidates: MergeCandidates,
  options: MergePolicyOptions,
): MergeChoice {
  const { log, outputs } = candidates
  const { deadRatioMin, outputBytes } = options
  const isDue = garbageShare(candidates) >= deadRatioMin
  const limits = limitsOf(candidates, options, copiedShareMax)
  const prefixes = prefixesOf(log, limits)
  const shareMin = isDue ? deadRatioMin : Math.max(nearlyDeadRatio, deadRatioMin)
  const deadest = chooseDeadest(prefixes, outputs, shareMin, limits)
  if (deadest !== nothing) return deadest
  if (areTombstonesDue(candidates, deadRatioMin)) {
    const tombstones = tombstoneGroup(candidates, options)
    if (tombstones !== undefined) return firstThatFits([tombstones], options.roomBytes)
  }
  const small = outputs.filter(({ bytes }) => bytes < outputBytes / 4)
  if (small.length >= smallFilesMin) {
    const joined = prefixesOf(small, { ...limits, copiedBytesMax: outputBytes * 2 })
    return firstThatFits(joined.slice(1).reverse(), options.roomBytes)
  }
  // What is dead lies behind segments that live: as outputs they are no longer in its way.
  const hidesGarbage = isDue && group(log).share >= deadRatioMin
  return hidesGarbage ? firstThatFits(prefixes.reverse(), options.roomBytes) : nothing
}

/** As much of `wanted`, of which a prefix is a prefix of the log, as one merge takes. */
export function chooseFirst(
  wanted: readonly MergeCandidate[],
  { inputBytesMax, roomBytes }: Pick<MergePolicyOptions, 'inputBytesMax' | 'roomBytes'>,
): MergeChoice {
  const limits = { inputBytesMax, roomBytes, copiedBytesMax: Number.POSITIVE_INFINITY }
  return firstThatFits(prefixesOf(wanted, limits).reverse(), roomBytes)
}

/**
 * Whether the active segment should be closed before it is full, from `bytesMin` on, because it is too large a part
 * of a small store: what is dead in it cannot be had before it is sealed.
 */
export function wantsRoll(
  candidates: MergeCandidates,
  activeBytes: number,
  bytesMin: number,
  deadRatioMin: number,
): boolean {
  if (activeBytes < Math.max(bytesMin, liveBytesOf(candidates) * copiedShareMax)) return false
  return garbageShare(candidates) >= deadRatioMin / 6
}

/** Size at which the outputs of a merge are closed: a small store has small ones, to be merged again one by one. */
export function outputBytesFor(candidates: MergeCandidates, segmentBytes: number): number {
  const wanted = Math.ceil(liveBytesOf(candidates) * copiedShareMax)
  return Math.min(segmentBytes, Math.max(Math.ceil(segmentBytes / 8), wanted))
}

/** Garbage by all bytes of the store, 0..1; so many bytes of it left out. */
export function garbageShare(candidates: MergeCandidates, sparedBytes: number = 0): number {
  const { log, outputs, unsealed } = candidates
  const bytes = bytesOfAll(candidates)
  const garbage = sum(log, garbageOf) + sum(outputs, garbageOf) + unsealed.deadBytes
  return bytes === 0 ? 0 : Math.max(0, garbage - sparedBytes) / bytes
}

/** What a merge of `files` needs for its outputs and hints, in bytes, as far as that is known beforehand. */
export function neededBytesOf(files: readonly MergeCandidate[]): number {
  return Math.ceil(sum(files, neededBytesOfFile))
}

interface Limits {
  readonly inputBytesMax: number
  /** Bytes that are copied, together. */
  readonly copiedBytesMax: number
  readonly roomBytes: number
}

/** The first `length` of some files, which go together. */
interface Group {
  readonly from: readonly MergeCandidate[]
  readonly length: number
  readonly bytes: number
  /** What merging them wins, by their bytes. */
  readonly share: number
  readonly neededBytes: number
}

function limitsOf(
  candidates: MergeCandidates,
  { inputBytesMax, roomBytes }: MergePolicyOptions,
  copiedShare: number,
): Limits {
  const keptBytes = bytesOfAll(candidates) * (1 - garbageShare(candidates))
  return { inputBytesMax, roomBytes, copiedBytesMax: keptBytes * copiedShare }
}

/** All prefixes that one merge takes, the shortest first. Where they fit, there may be no room all the same. */
function prefixesOf(files: readonly MergeCandidate[], limits: Limits): Group[] {
  const prefixes: Group[] = []
  let bytes = 0
  let garbage = 0
  let neededBytes = 0
  for (const [place, file] of files.entries()) {
    bytes += file.bytes
    garbage += garbageOf(file)
    neededBytes += neededBytesOfFile(file)
    const isBeyond = bytes > limits.inputBytesMax || bytes - garbage > limits.copiedBytesMax
    if (place > 0 && isBeyond) break
    prefixes.push({ from: files, length: place + 1, bytes, share: garbage / bytes, neededBytes })
  }
  return prefixes
}

function group(files: readonly MergeCandidate[]): Group {
  const bytes = sum(files, bytesOf)
  const share = bytes === 0 ? 0 : sum(files, garbageOf) / bytes
  return { from: files, length: files.length, bytes, share, neededBytes: neededBytesOf(files) }
}

/** The deadest, and what is nearly as dead. */
function chooseDeadest(
  prefixes: readonly Group[],
  outputs: readonly MergeCandidate[],
  shareMin: number,
  limits: Limits,
): MergeChoice {
  const isWorthwhile = ({ share }: Group): boolean => share > 0 && share >= shareMin
  const ranked = outputs
    .map((file) => group([file]))
    .filter(isWorthwhile)
    .sort((a, b) => b.share - a.share)
  const worthy = [...prefixes.filter(isWorthwhile), ...ranked]
  if (worthy.length === 0) return nothing
  const possible = worthy.filter(({ neededBytes }) => neededBytes <= limits.roomBytes)
  if (possible.length === 0) return firstThatFits(worthy, limits.roomBytes)
  const shareFloor = nearlyAsDead * possible.reduce((most, { share }) => Math.max(most, share), 0)
  const prefix = prefixes.findLast((each) => possible.includes(each) && each.share >= shareFloor)
  const rest = ranked.filter((each) => possible.includes(each) && each.share >= shareFloor)
  const files = [...(prefix === undefined ? [] : filesOf(prefix)), ...rest.flatMap(filesOf)]
  const lengthMin = prefix?.length ?? 1
  const taken = prefixesOf(files, limits).findLast(
    ({ length, neededBytes }) => length > lengthMin && neededBytes <= limits.roomBytes,
  )
  return chosen(taken ?? { ...group(files), length: lengthMin })
}

/**
 * An output with many tombstones, and all outputs that may hold older records of their keys: together they lose
 * them. When that is more than one merge takes, a part of it, whose outputs overlap no longer: after some such merges
 * what belongs together is little enough. So each of them brings the end nearer.
 */
function tombstoneGroup(
  candidates: MergeCandidates,
  options: MergePolicyOptions,
): Group | undefined {
  const { outputs } = candidates
  const limits = limitsOf(candidates, options, copiedShareForTombstonesMax)
  const holders = outputs
    .filter(({ keptTombstoneBytes }) => keptTombstoneBytes > 0)
    .sort((a, b) => b.keptTombstoneBytes - a.keptTombstoneBytes)
  for (const holder of holders.slice(0, tombstoneFilesMax)) {
    const older = outputs
      .filter((file) => file !== holder && mayHoldOlder(file, holder))
      .sort((a, b) => a.lowestIndex - b.lowestIndex)
    const taken = prefixesOf([holder, ...older], limits).at(-1)!
    if (taken.length > 1 || older.length === 0) return taken
  }
  return undefined
}

/** Whether so much of the store is tombstones that were kept that they are worth a merge. */
function areTombstonesDue(candidates: MergeCandidates, deadRatioMin: number): boolean {
  const bytes = bytesOfAll(candidates)
  const tombstoneBytes = sum(candidates.outputs, (file) => file.keptTombstoneBytes)
  if (tombstoneBytes === 0 || tombstoneBytes < bytes * deadRatioMin * tombstoneShareMin)
    return false
  return garbageShare(candidates) + tombstoneBytes / bytes >= deadRatioMin
}

/** Whether `file` may hold an older record of the key of a tombstone in `holder`. */
function mayHoldOlder(file: MergeCandidate, holder: MergeCandidate): boolean {
  if (file.lowestIndex >= holder.highestIndex) return false
  if (file.lowestKey === undefined || file.highestKey === undefined) return true
  if (holder.lowestKey === undefined || holder.highestKey === undefined) return true
  return (
    Buffer.compare(file.lowestKey, holder.highestKey) <= 0 &&
    Buffer.compare(holder.lowestKey, file.highestKey) <= 0
  )
}

function firstThatFits(groups: readonly Group[], roomBytes: number): MergeChoice {
  if (groups.length === 0) return nothing
  const fits = groups.find(({ neededBytes }) => neededBytes <= roomBytes)
  if (fits !== undefined) return chosen(fits)
  const neededBytes = groups.reduce(
    (least, each) => Math.min(least, each.neededBytes),
    Number.POSITIVE_INFINITY,
  )
  return { slots: [], neededBytes: Math.ceil(neededBytes) }
}

function chosen(group: Pick<Group, 'from' | 'length'>): MergeChoice {
  return { slots: filesOf(group).map(({ slot }) => slot), neededBytes: undefined }
}

function filesOf({ from, length }: Pick<Group, 'from' | 'length'>): readonly MergeCandidate[] {
  return from.slice(0, length)
}

function bytesOfAll({ log, outputs, unsealed }: MergeCandidates): number {
  return sum(log, bytesOf) + sum(outputs, bytesOf) + unsealed.bytes
}

function liveBytesOf({ log, outputs, unsealed }: MergeCandidates): number {
  const sealed = sum(log, liveBytesOfFile) + sum(outputs, liveBytesOfFile)
  return sealed + unsealed.bytes - unsealed.deadBytes
}

function liveBytesOfFile({ bytes, deadBytes }: MergeCandidate): number {
  return bytes - deadBytes
}

function garbageOf({ deadBytes, keptTombstoneBytes }: MergeCandidate): number {
  return Math.max(0, deadBytes - keptTombstoneBytes)
}

function bytesOf({ bytes }: MergeCandidate): number {
  return bytes
}

function neededBytesOfFile(file: MergeCandidate): number {
  const copiedBytes = file.bytes - garbageOf(file)
  return copiedBytes + Math.min(copiedBytes, file.liveRecords * hintBytesPerRecord)
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
