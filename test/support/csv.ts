/** One line of CSV as its cells, by the letter of RFC 4180. */
export function cellsOf(line: string): string[] {
  const { cells, end } = lineAt(line, 0)
  if (end !== line.length) throw new Error('more than one line')
  return cells
}

/** A whole file: each line as a record by the names of the first. */
export function recordsOf(text: string): Array<Record<string, string>> {
  const lines: string[][] = []
  for (let at = 0; at < text.length; ) {
    const { cells, end } = lineAt(text, at)
    lines.push(cells)
    at = end
  }
  const [names = [], ...rest] = lines
  return rest.map((cells) => {
    if (cells.length !== names.length) throw new Error(`${cells.length} cells under ${names.length} names`)
    return Object.fromEntries(names.map((name, index) => [name, cells[index]!]))
  })
}

function lineAt(text: string, start: number): { cells: string[]; end: number } {
  const cells: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  pattern.lastIndex = start
  for (let end = ''; end !== '\r\n'; ) {
    const match = pattern.exec(text)
    if (!match) throw new Error(`not RFC 4180: ${JSON.stringify(text.slice(start, start + 200))}`)
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    end = match[3]!
  }
  return { cells, end: pattern.lastIndex }
}
