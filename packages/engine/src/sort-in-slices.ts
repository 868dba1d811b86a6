/** Keys sorted in one turn of the event loop: a few milliseconds. */
const runLength = 4_096

/** Sorts strings without holding the event loop: sorted runs first, then merges of neighbours. */
export async function sortInSlices(
  texts: readonly string[],
  nextTurn: () => Promise<void>,
): Promise<string[]> {
  let runs: string[][] = []
  for (let at = 0; at < texts.length; at += runLength) {
    if (at > 0) await nextTurn()
    runs.push(texts.slice(at, at + runLength).sort(compareTexts))
  }
  while (runs.length > 1) {
    const longer: string[][] = []
    for (let at = 0; at < runs.length; at += 2) {
      const [a, b] = [runs[at]!, runs[at + 1]]
      longer.push(b === undefined ? a : await mergeRuns(a, b, nextTurn))
    }
    runs = longer
  }
  return runs[0] ?? []
}

async function mergeRuns(
  a: readonly string[],
  b: readonly string[],
  nextTurn: () => Promise<void>,
): Promise<string[]> {
  const merged: string[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    merged.push(a[i]! < b[j]! ? a[i++]! : b[j++]!)
    if (merged.length % (runLength * 4) === 0) await nextTurn()
  }
  while (i < a.length) merged.push(a[i++]!)
  while (j < b.length) merged.push(b[j++]!)
  return merged
}

/** By code unit, which for keys as text is byte by byte. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
