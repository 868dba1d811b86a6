/** What a merge takes in: a pure function of what the files look like. */

/** A sealed file, as the policy sees it. Sizes in bytes. */
export interface MergeCandidate {
  readonly slot: number
  readonly bytes: number
  readonly deadBytes: number
}

export interface MergePolicyOptions {
  /** A file is worth merging from this share of dead bytes on, 0..1. */
  readonly deadRatioMin: number
  /** Merge outputs below this size are joined when there are several, in bytes. */
  readonly smallBytes: number
  /** The inputs of one merge together, in bytes; one file is always allowed. */
  readonly inputBytesMax: number
}

/**
 * The slots to merge, none when nothing is worth it. Inputs are any merge outputs plus a prefix of the
 * sealed log. `log` is that whole prefix, oldest first.
 */
export function chooseInputs(
  log: readonly MergeCandidate[],
  outputs: readonly MergeCandidate[],
  options: MergePolicyOptions,
): number[] {
  const small = outputs.filter(({ bytes }) => bytes < options.smallBytes)
  const joined = small.length > 1 ? small : []
  const worthy = outputs.filter(
    (file) => isWorthwhile([file], options.deadRatioMin) || joined.includes(file),
  )
  return capped([...worthyPrefix(log, options.deadRatioMin), ...worthy], options.inputBytesMax)
}

/** As {@link chooseInputs} when somebody asks for a merge: the whole sealed log, and every output with dead bytes. */
export function chooseAllInputs(
  log: readonly MergeCandidate[],
  outputs: readonly MergeCandidate[],
  options: MergePolicyOptions,
): number[] {
  const chosen = [...log, ...outputs.filter(({ deadBytes }) => deadBytes > 0)]
  return capped(chosen, options.inputBytesMax)
}

/** The longest prefix with a worthwhile share of dead bytes. */
function worthyPrefix(
  log: readonly MergeCandidate[],
  deadRatioMin: number,
): readonly MergeCandidate[] {
  for (let length = log.length; length > 0; length--) {
    const prefix = log.slice(0, length)
    if (isWorthwhile(prefix, deadRatioMin)) return prefix
  }
  return []
}

function isWorthwhile(files: readonly MergeCandidate[], deadRatioMin: number): boolean {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const deadBytes = files.reduce((sum, file) => sum + file.deadBytes, 0)
  return deadBytes > 0 && deadBytes >= bytes * deadRatioMin
}

/** Cutting a list at its end leaves a prefix of the log a prefix. */
function capped(files: readonly MergeCandidate[], bytesMax: number): number[] {
  let bytes = 0
  const end = files.findIndex((file, place) => {
    bytes += file.bytes
    return place > 0 && bytes > bytesMax
  })
  return (end === -1 ? files : files.slice(0, end)).map(({ slot }) => slot)
}
