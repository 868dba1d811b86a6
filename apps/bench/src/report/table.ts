/** A table before it is Markdown or HTML. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

export interface Column {
  readonly title: string
  /** Numbers stand on the right. */
  readonly isNumber?: true
}

export interface Row {
  readonly cells: readonly Cell[]
  /** Heads the rows below it: an id, and what they have in common. */
  readonly isGroup?: true
}

/** `note` follows the text; `tone` only stresses what they already say. */
export type Cell =
  | string
  | { readonly text: string; readonly tone: 'good' | 'bad' | 'faint'; readonly note?: string }
  | { readonly code: readonly string[] }

export interface TitledTable {
  readonly title: string
  /** Not what a case is mainly about. */
  readonly isMinor?: boolean
  readonly table: Table
}

/** Where nothing was measured. */
export const nothing: Cell = { text: '–', tone: 'faint' }
