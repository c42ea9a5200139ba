import { createHash } from 'node:crypto'
import { type Reader, type Tx, textArray } from '#base'
import type { FileSeal, SealedFile } from './entry.ts'
import { backupUnsound } from './errors.ts'

/**
 * The wrapped data keys as lines of JSON, to be kept apart from the data and for a short time only. First what it is, then a
 * line for each data key, erasure and retired epoch, and at the end their number, digest, and the agent's seal of that, so that a
 * part of a backup is never taken for all of it, nor another's for ours. Worth nothing without the keys in the token, or in the
 * blobs that `agent` carries, sealed.
 */
export type DekDump = {
  /** When it was taken; what was made later is not in it. */
  at: Date
  /** The key agent's own backup, as it came. */
  agent: string
  /** What the agent judges; nothing in here is to be believed before it has. */
  file: SealedFile
  deks: Dek[]
  shredded: Shredded[]
  retired: Retired[]
}

type Dek = [
  player: string,
  purpose: string,
  version: number,
  kek: string,
  wrapped: string,
  binding: string,
  created: string,
]
type Shredded = [player: string, purpose: string, version: number, at: string]
type Retired = [epoch: string, at: string]
type Line = { dek: Dek } | { shredded: Shredded } | { retired: Retired }

const format = 'countroom-keys-backup-2'
const page = 1000
const clockSkewMs = 5 * 60_000

/** All data keys at one instant: the reader is a transaction that sees one (repeatable read). Answers line by line. */
export async function* dumpDeks(
  reader: Reader,
  { at, agent, seal }: { at: Date; agent: string; seal(digest: Buffer): Promise<FileSeal> },
): AsyncGenerator<string, { deks: number }> {
  const hash = createHash('sha256')
  const count = { deks: 0, shredded: 0, retired: 0 }
  const line = (value: object) => {
    const text = `${JSON.stringify(value)}\n`
    hash.update(text)
    return text
  }
  yield line({ format, at: at.toISOString(), agent })
  const deks = reader<Array<{ dek: Dek }>>`
    select json_build_array(player, purpose, version, kek, encode(wrapped, 'base64'), encode(binding, 'base64'),
      created_at at time zone 'UTC') as dek
    from keys.deks order by player, purpose, version`.cursor(page)
  for await (const rows of deks)
    for (const { dek } of rows) {
      count.deks++
      yield line({ dek })
    }
  const shredded = reader<Array<{ shredded: Shredded }>>`
    select json_build_array(player, purpose, version, at at time zone 'UTC') as shredded from keys.shredded order by player, purpose`
  for (const row of await shredded) {
    count.shredded++
    yield line(row)
  }
  const retired = reader<Array<{ retired: Retired }>>`
    select json_build_array(epoch, at at time zone 'UTC') as retired from keys.retired order by epoch`
  for (const row of await retired) {
    count.retired++
    yield line(row)
  }
  const digest = hash.digest()
  yield `${JSON.stringify({ end: { ...count, sha256: digest.toString('hex'), seal: await seal(digest) } })}\n`
  return { deks: count.deks }
}

/**
 * Reads a backup that nobody vouches for yet.
 *
 * @throws Refusal `keys.backup_unsound` when it is no such backup, was cut short, or damaged
 */
export function readDump(text: string, now: Date = new Date()): DekDump {
  const lines = text.split('\n')
  const head = parse<{ format: string; at: string; agent: string }>(lines[0])
  if (head?.format !== format) throw backupUnsound('it is no backup of keys')
  const last = lines.length - (lines.at(-1) === '' ? 2 : 1)
  const end = parse<{ end: { sha256: string; seal?: Partial<FileSeal> } }>(lines[last])?.end
  if (!end) throw backupUnsound('it was cut short')
  if (typeof end.seal?.by !== 'string' || typeof end.seal.mac !== 'string') throw backupUnsound('nobody vouches for it')
  const body = lines.slice(0, last)
  const digest = createHash('sha256')
    .update(`${body.join('\n')}\n`)
    .digest()
  if (digest.toString('hex') !== end.sha256) throw backupUnsound('it was changed')
  if (Date.parse(head.at) > now.getTime() + clockSkewMs) throw backupUnsound('it says that it was taken in the future')
  const file = { digest, seal: { by: end.seal.by, mac: end.seal.mac } }
  const dump: DekDump = { at: new Date(head.at), agent: head.agent, file, deks: [], shredded: [], retired: [] }
  for (const text of body.slice(1)) {
    const line = JSON.parse(text) as Line
    if ('dek' in line) dump.deks.push(line.dek)
    else if ('shredded' in line) dump.shredded.push(line.shredded)
    else dump.retired.push(line.retired)
  }
  return dump
}

export type JoinReport = { deks: number; taken: number; erased: number }

/**
 * Joins restored data with the newest data keys, as the owner of the database and better before anybody else works in it. The list
 * of the erased is replayed, and nothing else is removed: whatever was destroyed is on it, and a key that is not in the backup may
 * be younger. A restored key gives way to the backup's where its epoch is gone or retired. `epochs` are those the token has: what
 * the file says of others is not believed. Answers how many data keys there are, how many the backup gave, and how many went.
 */
export async function joinDeks(
  tx: Tx,
  dump: DekDump,
  epochs: { usable: readonly string[]; active: readonly string[] },
): Promise<JoinReport> {
  await tx`lock table keys.deks in exclusive mode`
  await tx`create temp table newest (like keys.deks including defaults) on commit drop`
  for (let at = 0; at < dump.deks.length; at += page) {
    const rows = dump.deks.slice(at, at + page)
    const texts = (n: number) => textArray(rows.map((row) => String(row[n])))
    await tx`
      insert into newest (player, purpose, version, kek, wrapped, binding, created_at)
      select player, purpose, version, kek, decode(wrapped, 'base64'), decode(binding, 'base64'), created at time zone 'UTC'
      from unnest(${texts(0)}::text[], ${texts(1)}::text[], ${texts(2)}::int[], ${texts(3)}::text[], ${texts(4)}::text[],
        ${texts(5)}::text[], ${texts(6)}::timestamp[]) as n (player, purpose, version, kek, wrapped, binding, created)`
  }
  for (const [player, purpose, version, at] of dump.shredded)
    await tx`
      insert into keys.shredded as s (player, purpose, version, at) values (${player}, ${purpose}, ${version}, ${`${at}Z`})
      on conflict (player, purpose) do update set version = greatest(s.version, excluded.version)`
  for (const [epoch, at] of dump.retired.filter(([name]) => !epochs.active.includes(name)))
    await tx`insert into keys.retired (epoch, at) values (${epoch}, ${`${at}Z`}) on conflict do nothing`
  const gone = await tx`
    delete from keys.deks d where exists (
      select from keys.shredded s where s.player = d.player and (s.purpose = '' or (s.purpose = d.purpose and s.version >= d.version)))`
  const usable = textArray(epochs.usable)
  const taken = await tx`
    insert into keys.deks as d select * from newest n where n.kek = any (${usable}::text[]) and not exists (
      select from keys.shredded s where s.player = n.player and (s.purpose = '' or (s.purpose = n.purpose and s.version >= n.version)))
    on conflict (player, purpose, version) do update set kek = excluded.kek, wrapped = excluded.wrapped, binding = excluded.binding
    where not d.kek = any (${usable}::text[]) or exists (select from keys.retired r where r.epoch = d.kek)`
  const [all] = await tx<Array<{ deks: number }>>`select count(*)::int as deks from keys.deks`
  return { deks: all?.deks ?? 0, taken: taken.count, erased: gone.count }
}

function parse<T>(line: string | undefined): T | undefined {
  try {
    return JSON.parse(line ?? '') as T
  } catch {
    return undefined
  }
}
