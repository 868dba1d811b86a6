import { html, type Markup } from './markup.ts'
import { type Cell, type Column, nothing, type Row, type Table } from './table.ts'

/**
 * Where the page is too narrow it scrolls inside its box; one that `stacks` shows there each row as a list, the
 * titles of the columns before the cells.
 */
export function htmlTable({ columns, rows }: Table, stacks: boolean = false): Markup {
  const kind = stacks ? ' stacks' : ''
  const head = columns.map((column) => html`<th scope="col"${classOf(column)}>${column.title}</th>`)
  return html`<div class="scroll${kind}" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.map((row) => rowOf(row, columns, stacks))}
</tbody>
</table></div>`
}

function rowOf({ cells, isGroup }: Row, columns: readonly Column[], stacks: boolean): Markup {
  const [first = '', ...others] = cells
  if (isGroup === true) {
    const text = html`<b>${contentOf(first)}</b> ${others.map(contentOf)}`
    return html`
<tr class="group"><th scope="colgroup" colspan="${columns.length}">${text}</th></tr>`
  }
  const rest = others.map((cell, at) => {
    const column = columns[at + 1]
    const title = stacks ? html` data-title="${column?.title}"` : undefined
    return html`<td${classOf(column)}${title}>${contentOf(cell)}</td>`
  })
  return html`
<tr><th scope="row">${contentOf(first)}</th>${rest}</tr>`
}

function classOf(column: Column | undefined): Markup {
  return column?.isNumber === true ? html` class="number"` : html``
}

function contentOf(cell: Cell): Markup {
  if (typeof cell === 'string') return html`${cell}`
  if (cell === nothing) return html`<span class="nothing">–</span>`
  if ('code' in cell)
    return html`<span>${cell.code.map((each) => html`<code>${each}</code> `)}</span>`
  const note = cell.note === undefined ? undefined : html`<br>${cell.note}`
  return html`<span class="${cell.tone}">${cell.text}${note}</span>`
}
