/** One cell: text as somebody wrote it, a decimal of ours, a whole number, an instant, or nothing. */
export type CsvCell = string | bigint | number | Date | { readonly decimal: string } | null

/**
 * One line of CSV (RFC 4180), its end included. Text that a spreadsheet would take for a formula is shown as text by an
 * apostrophe in front (OWASP, CSV injection); numbers stay numbers, instants are UTC (ISO 8601).
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

function cellOf(cell: CsvCell): string {
  if (cell === null) return ''
  if (cell instanceof Date) return cell.toISOString()
  if (typeof cell === 'object') return cell.decimal
  if (typeof cell !== 'string') return cell.toString()
  // Full-width forms too: spreadsheets of East Asian locales take them for the same signs.
  const text = /^\s*[=+\-@\t\r\n＝＋－＠]/u.test(cell) ? `'${cell}` : cell
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
