import { readFileSync } from 'node:fs'

/** The package's version; package.json stands beside both `src` and `dist`. */
export const serverVersion: string = readVersion()

function readVersion(): string {
  const path = new URL('../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return version
}
