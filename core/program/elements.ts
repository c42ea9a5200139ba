import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reader } from '#base'

/** Where a list of sums has the elements of the database: the folder of their exported texts. */
export function elementFolder(manifest: string): string {
  return join(manifest, 'sql')
}

/** Every function, view, trigger, rule, policy, table and role setting: path below the folder, definition. */
export async function elementsOf(reader: Reader): Promise<Map<string, string>> {
  const rows = await reader.unsafe<Array<{ path: string; definition: string }>>(query())
  return new Map(rows.map(({ path, definition }) => [path, definition]))
}

/** The same for `psql -XAtqf`: prints the lines that a list of sums has for them, with nothing of ours at work. */
export function elementScript(manifest: string): string {
  return `-- psql -XAtqf <this file>: the database's lines of SHA256SUMS, as the database is now
select encode(sha256(convert_to(definition, 'UTF8')), 'hex') || '  ${elementFolder(manifest).replaceAll("'", "''")}/' || path
from (
${query()}) element
order by path collate "C";
`
}

function query(): string {
  return readFileSync(join(import.meta.dirname, 'elements.sql'), 'utf8')
}
