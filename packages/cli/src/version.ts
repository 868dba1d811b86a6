import { readFileSync } from 'node:fs'

/** Of this package: its package.json lies one folder up, seen from `src` as from `dist`. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
