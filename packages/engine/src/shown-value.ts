import { inspect } from 'node:util'

const charactersMax = 100

/** What somebody gave, for the text of an error: one line, and not all of something long. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })
  const line = text.replaceAll(/\s*\n\s*/g, ' ')
  return line.length <= charactersMax ? line : `${line.slice(0, charactersMax)}…`
}
