import * as keys from '#keys'
import type { Home } from '../appliance/home.ts'
import { atDesk, type Desk } from './desk.ts'

export type ListedKey = Awaited<ReturnType<keys.Keys['list']>>[number] & {
  /** The day its rotation is due has passed. */
  overdue: boolean
  /** Data keys wrapped under it; of key-encryption keys only. */
  deks?: number
  /** When nothing named it any more, and from when on no backup needs it. */
  unnamedSince?: string
  destroyFrom?: string
}

/** `countroom keys list`. */
export async function showKeys(home: Home, { json }: { json?: boolean }): Promise<void> {
  const found = await atDesk(home, async (desk) => ({
    keys: await listKeys(desk),
    rotations: await keys.rotations(desk.sql, 10),
  }))
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : screen(found.keys, found.rotations))
}

export async function listKeys({
  agent,
  sql,
  settings,
}: Pick<Desk, 'agent' | 'sql' | 'settings'>): Promise<ListedKey[]> {
  const [entries, retired] = await Promise.all([agent.list(), keys.retiredEpochs(sql)])
  return await Promise.all(
    entries.map(async (entry) => {
      const since = retired.get(entry.key)
      return {
        ...entry,
        overdue: entry.rotateBefore !== undefined && Date.parse(entry.rotateBefore) < Date.now(),
        ...(entry.family === 'kek-pii' ? { deks: await keys.deksUnder(sql, [entry.key]) } : {}),
        ...(since && entry.state !== 'destroyed'
          ? { unnamedSince: since.toISOString(), destroyFrom: destroyFrom(since, settings.keyBackupHorizonDays) }
          : {}),
      }
    }),
  )
}

/** From when on no backup of data needs a key that nothing names since then. */
export function destroyFrom(unnamedSince: Date, horizonDays: number): string {
  return new Date(unnamedSince.getTime() + horizonDays * 86_400_000).toISOString()
}

function screen(listed: ListedKey[], rotations: keys.Rotation[]): string {
  const head = ['key', 'state', 'mechanism', 'born', 'since', 'rotate before', ''].map(padded).join(' ')
  const rows = listed.map((key) =>
    [
      key.key,
      key.state,
      key.mechanism,
      key.origin,
      day(key.activatedAt ?? key.createdAt),
      day(key.rotateBefore),
      remark(key),
    ]
      .map(padded)
      .join(' ')
      .trimEnd(),
  )
  const open = rotations.filter(({ state }) => state !== 'retired').map(progressOf)
  return `${[head.trimEnd(), ...rows, ...(open.length > 0 ? ['', ...open] : [])].join('\n')}\n`
}

const widths = [20, 13, 20, 9, 11, 14, 0]

function padded(text: string, column: number): string {
  return text.padEnd(widths[column] ?? 0)
}

function day(instant: string | undefined): string {
  return instant?.slice(0, 10) ?? '-'
}

function remark({ overdue, family, deks, destroyFrom, key, state }: ListedKey): string {
  if (overdue) return `OVERDUE: npx countroom keys rotate ${family}`
  if (destroyFrom) return `nothing names it; from ${day(destroyFrom)} on: npx countroom keys destroy ${key}`
  return deks === undefined || state === 'destroyed' ? '' : `wraps ${deks} data keys`
}

/** A rotation in a line. */
export function progressOf({ family, epoch, state, moved, total }: keys.Rotation): string {
  if (state === 'asked')
    return `rotation of ${family}: its new key is not made yet; npx countroom keys rotate ${family} goes on`
  const count = total === 0 ? 'nothing to move' : `${moved} of ${total} moved`
  if (state === 'retired')
    return `rotation of ${family} to ${epoch} has ended: ${moved === 0 ? count : `${moved} moved`}, nothing names an older key`
  return `rotation of ${family} to ${epoch}: ${count}`
}
