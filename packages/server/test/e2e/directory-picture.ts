import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'

/** Everything below a directory: names, modes, sizes, times and content, so that two pictures tell any change. */
export async function pictureOf(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  const lines: string[] = []
  for (const name of ['.', ...names.sort()]) {
    const path = `${directory}/${name}`
    const stats = await lstat(path)
    const content = stats.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : ''
    lines.push(`${name} ${stats.mode.toString(8)} ${stats.mtimeMs} ${stats.size} ${content}`)
  }
  return lines
}
