/** Axes whose labels carry their units. */
import { axisX, axisY, gridX, gridY, type Markish } from '@observablehq/plot'
import type { Unit } from '../metric.ts'
import { formatValue } from '../results/format-value.ts'

/** A scale, and the marks that draw its axis. */
export interface Axis {
  readonly scale: { readonly type: 'log' | 'linear'; readonly domain: readonly [number, number] }
  readonly marks: readonly Markish[]
}

/** Values further apart than this would flatten the lower ones on a linear axis. */
const linearRatioMax = 30

/** The axis of what was measured: from zero, or logarithmic when the values are far apart. */
export function valueAxis(values: readonly number[], unit: Unit): Axis {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const text = (value: number): string => formatValue(value, unit)
  if (low <= 0 || high / low <= linearRatioMax) {
    const domain = [Math.min(0, low), high > 0 ? high * 1.05 : 1] as const
    return {
      scale: { type: 'linear', domain },
      marks: [gridY({ ticks: 5 }), axisY({ ticks: 5, tickFormat: text, tickSize: 0, label: null })],
    }
  }
  return logValueAxis(values, unit)
}

export function logValueAxis(values: readonly number[], unit: Unit): Axis {
  const domain = logDomain(values)
  const ticks = logTicks(domain)
  const text = (value: number): string => formatValue(value, unit)
  return {
    scale: { type: 'log', domain },
    marks: [gridY({ ticks }), axisY({ ticks, text, tickSize: 0, label: null })],
  }
}

/** A logarithmic axis with labels at `ticks` alone. */
export function logPositionAxis(
  ticks: readonly number[],
  domain: readonly [number, number],
  label: string,
  text: (value: number) => string,
): Axis {
  return {
    scale: { type: 'log', domain },
    marks: [
      gridX({ ticks: [...ticks] }),
      axisX({
        ticks: [...ticks],
        text,
        tickSize: 0,
        label,
        labelAnchor: 'center',
        labelArrow: 'none',
      }),
    ],
  }
}

/** With some room at both ends. Without a positive value there is nothing to draw on. */
export function logDomain(values: readonly number[]): readonly [number, number] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value))
  if (positive.length === 0) return [1, 10]
  return [Math.min(...positive) / 1.2, Math.max(...positive) * 1.2]
}

/** Powers of ten; where that leaves room, also their 2- and 5-fold. */
export function logTicks([low, high]: readonly [number, number], count: number = 8): number[] {
  const all = [[1, 2, 5], [1, 3], [1]].map((steps) => ticksOf(low, high, steps))
  return all.find((ticks) => ticks.length <= count) ?? all.at(-1)!
}

function ticksOf(low: number, high: number, steps: readonly number[]): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) {
      // Written so that 0.01 does not become 0.010000000000000002.
      const tick = Number(`${step}e${power}`)
      if (tick >= low && tick <= high) ticks.push(tick)
    }
  }
  return ticks
}
