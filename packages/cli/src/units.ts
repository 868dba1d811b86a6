/** Numbers for people. */
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const byteUnits = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatCount(count: number): string {
  return grouped.format(count)
}

/** `1 record`, `2,000 records`. */
export function formatCountOf(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${formatCount(bytes)} B`
  let size = bytes / 1024
  let unit = 0
  while (size >= 999.5 && unit < byteUnits.length - 1) {
    size /= 1024
    unit++
  }
  return `${precise.format(size)} ${byteUnits[unit]}`
}

export function formatMs(ms: number): string {
  if (ms < 1000) return `${precise.format(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${precise.format(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${formatCount(Math.floor(hours / 24))} d ${hours % 24} h`
}

/** Per second; of nothing measurable, nothing. */
export function perSecond(count: number, ms: number): number {
  return ms > 0 ? Math.round((count * 1000) / ms) : 0
}
