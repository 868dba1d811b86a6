import Table from 'cli-table3'

/** A table for the terminal: one line a row, no colours. */
export function terminalTable(head: readonly string[]): Table.Table {
  return new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
  })
}
