/**
 * How a subject looks in every plot. The colours differ in lightness as well as in hue, so that they stay apart
 * for readers who see fewer colours (checked as simulated by Machado et al., 2009: no two of one plot closer
 * than 8.9 in OKLab × 100); dashes and symbols differ too.
 */

/** Of those Plot has. */
export type PlotSymbol =
  | 'circle'
  | 'square'
  | 'diamond'
  | 'triangle'
  | 'cross'
  | 'star'
  | 'wye'
  | 'asterisk'

export interface SubjectLook {
  /** Of the CSS variable, and of a reader without it. */
  readonly color: string
  /** On a dark page. */
  readonly colorDark: string
  /** As in SVG; solid lines have none. */
  readonly dash?: string
  readonly symbol: PlotSymbol
}

const ours = { color: '#0068d6', colorDark: '#3f8cff', symbol: 'circle' } as const
const brown = { color: '#8a2a00', colorDark: '#c2532a' }
const orange = { color: '#ef7000', colorDark: '#ffb84d' }
const purple = { color: '#3c0a5c', colorDark: '#ffd6f5' }
const green = { color: '#12a070', colorDark: '#5fe0a0' }
const grey = { color: '#6a6f76', colorDark: '#8b8378' }

const subjectLooks: Readonly<Record<string, SubjectLook>> = {
  kv: ours,
  'kv-embedded': ours,
  'redis-ioredis': { ...brown, dash: '7,3', symbol: 'square' },
  'redis-ioredis-pipelining': { ...orange, dash: '7,2,2,2', symbol: 'diamond' },
  'redis-node-redis': { ...purple, dash: '4,3', symbol: 'triangle' },
  etcd: { ...green, dash: '2,3', symbol: 'cross' },
  nats: { ...grey, dash: '10,3', symbol: 'star' },
  lmdb: { ...orange, dash: '7,3', symbol: 'square' },
  'classic-level': { ...green, dash: '4,3', symbol: 'triangle' },
  sqlite: { ...purple, dash: '2,3', symbol: 'cross' },
  machine: { ...grey, dash: '1,3', symbol: 'wye' },
}

const unknown: SubjectLook = { ...grey, symbol: 'asterisk' }

export function lookOf(subject: string): SubjectLook {
  return subjectLooks[subject] ?? unknown
}

/** The colour as a plot takes it: the page decides between light and dark. */
export function inkOf(subject: string): string {
  const name = subject in subjectLooks ? subject : 'unknown'
  return `var(--${name}, ${lookOf(subject).color})`
}

/** The variables of {@link inkOf}. */
export function inkVariables(scheme: 'light' | 'dark'): string {
  const looks = [...Object.entries(subjectLooks), ['unknown', unknown] as const]
  return looks
    .map(([name, { color, colorDark }]) => `--${name}: ${scheme === 'light' ? color : colorDark};`)
    .join(' ')
}
