import type { Cell, Row, Table } from './table.ts'

/** A table of GitHub's Markdown. */
export function markdownTable({ columns, rows }: Table): string {
  const head = columns.map(({ title }) => escapeMarkdown(title))
  const rule = columns.map(({ isNumber }) => (isNumber === true ? '---:' : '---'))
  return [head, rule, ...rows.map((row) => cellsOf(row, columns.length))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

/** Keeps text from being taken for markup. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_<>|[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ')
}

/** A code span, also inside a table. */
function markdownCode(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  const inner = text.replaceAll('|', String.raw`\|`).replaceAll(/\s+/g, ' ')
  return fence === '`' ? `\`${inner}\`` : `${fence} ${inner} ${fence}`
}

function cellsOf({ cells, isGroup }: Row, count: number): string[] {
  const shown = cells.map(cellOf).map((cell) => (isGroup === true ? `**${cell}**` : cell))
  return [...shown, ...Array.from({ length: count - shown.length }, () => '')]
}

function cellOf(cell: Cell): string {
  if (typeof cell === 'string') return escapeMarkdown(cell)
  if ('code' in cell) return cell.code.map(markdownCode).join(', ')
  const text = escapeMarkdown(cell.note === undefined ? cell.text : `${cell.text}, ${cell.note}`)
  return cell.tone === 'bad' ? `**${text}**` : text
}
