/** Plots on the server: Observable Plot draws into a document of linkedom, and out comes SVG. */
import { type PlotOptions, plot } from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Table } from './table.ts'

/** A plot and all that stands around it. */
export interface Plot {
  readonly title: string
  readonly caption: string
  readonly svg: string
  /** Takes the height of two others. */
  readonly isTall?: boolean
  /** What its lines mean, where the plot does not say so itself. */
  readonly key: readonly Key[]
  /** The numbers it is made of, where no table of its section has them. */
  readonly numbers?: Table
}

/** A small picture of a line, and its meaning. */
export interface Key {
  readonly svg: string
  readonly text: string
}

/** Fits a phone almost unscaled, so that its text stays readable there. */
const plotWidth = 400

/** Colours and font come from the page. `label` is for those who do not see the picture; '' hides it from them. */
export function svgOf(label: string, options: PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>')
  const element = plot({ document, width: plotWidth, className: 'plot', ...options })
  if (label === '') element.setAttribute('aria-hidden', 'true')
  else {
    element.setAttribute('role', 'img')
    element.setAttribute('aria-label', label)
  }
  // The page has one style for all plots; those of Plot would repeat in each.
  for (const style of element.querySelectorAll('style')) style.remove()
  return element.outerHTML
}
