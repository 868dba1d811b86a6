/** Numbers for people: three significant digits, with the unit that keeps them short. */
import type { Unit } from '../metric.ts'
import type { Spread } from './spread.ts'

/** `97.3 k/s`, `0.118 ms`, `44.5 B`, `1.2 MiB`, `1.32×`. */
export function formatValue(value: number, unit: Unit): string {
  const { divisor, suffix } = scaleOf(value, unit)
  return `${digits(value / divisor)}${suffix}`
}

/** `97.3 k/s (95.1–99.8)`: the median, and the lowest and highest round on the same scale. */
export function formatSpread({ median, low, high, count }: Spread, unit: Unit): string {
  if (count === 1) return formatValue(median, unit)
  const { divisor } = scaleOf(median, unit)
  return `${formatValue(median, unit)} (${digits(low / divisor)}–${digits(high / divisor)})`
}

/** A change: `+12.5 %`, `-3 %`. */
export function formatChange(percent: number): string {
  const sign = percent > 0 ? '+' : ''
  return `${sign}${digits(percent)} %`
}

/** What a value is divided by, and what follows it. */
interface Scale {
  readonly divisor: number
  readonly suffix: string
}

const rates: readonly Scale[] = [
  { divisor: 1, suffix: '/s' },
  { divisor: 1e3, suffix: ' k/s' },
  { divisor: 1e6, suffix: ' M/s' },
]
const sizes: readonly Scale[] = ['B', 'KiB', 'MiB', 'GiB', 'TiB'].map((name, power) => ({
  divisor: 1024 ** power,
  suffix: ` ${name}`,
}))
const scales: Readonly<Record<Unit, readonly Scale[]>> = {
  'op/s': rates,
  'entry/s': rates,
  ms: [
    { divisor: 1, suffix: ' ms' },
    { divisor: 1e3, suffix: ' s' },
  ],
  s: [{ divisor: 1, suffix: ' s' }],
  us: [{ divisor: 1, suffix: ' µs' }],
  B: sizes,
  'B/s': sizes.map(({ divisor, suffix }) => ({ divisor, suffix: `${suffix}/s` })),
  'B/min': sizes.map(({ divisor, suffix }) => ({ divisor, suffix: `${suffix}/min` })),
  '1/min': [{ divisor: 1, suffix: '/min' }],
  '%': [{ divisor: 1, suffix: ' %' }],
  x: [{ divisor: 1, suffix: '×' }],
  count: [{ divisor: 1, suffix: '' }],
}

/** The largest on which the value is at least one; what rounds up to one counts. */
function scaleOf(value: number, unit: Unit): Scale {
  const size = Math.abs(value)
  return scales[unit].findLast(({ divisor }) => size >= divisor * 0.9995) ?? scales[unit][0]!
}

const short = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
// Latencies are taken in whole µs: what comes after them is not known.
const micro = new Intl.NumberFormat('en-US', {
  maximumSignificantDigits: 3,
  maximumFractionDigits: 3,
  roundingPriority: 'lessPrecision',
})

function digits(value: number): string {
  if (Math.abs(value) < 1_000) return micro.format(value).replace(/^-0$/, '0')
  return (Number.isInteger(value) ? whole : short).format(value)
}
