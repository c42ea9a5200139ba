import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Config } from '../../core/host/config.ts'
import { openDatabase } from '../../core/host/database.ts'
import { sealOnce } from '../../core/host/sealer.ts'
import { archiveInto } from '../../ops/audit/archive.ts'
import { keepArchive } from '../../ops/audit/keeper.ts'
import { until } from '../support/client.ts'
import { openWorld, type World } from '../support/world.ts'

/** Events past the years of the licence leave the database, and the log still proves. */
const now = new Date()
const monthsAgo = (months: number) => {
  const at = new Date(now)
  at.setUTCMonth(at.getUTCMonth() - months)
  return at
}
let world: World
let player: string
beforeAll(async () => {
  world = await openWorld()
  player = (await world.player()).player
  await seal()
  for (const months of [100, 80, 73, 71, 30, 28, 13, 11]) await happen(monthsAgo(months))
})
afterAll(() => world.stop())

async function happen(at: Date): Promise<void> {
  const command = { ...world.command(at), actor: { kind: 'player' as const, id: player, address: '192.0.2.1' } }
  await world.act((tx) => audit.record(tx, command, { action: 'sessions.ended', subject: player }))
  await seal(at)
}

async function seal(at = now): Promise<void> {
  const config = { audit: { origin: 'test/log' } } as unknown as Config
  while (await sealOnce({ sql: world.work, keys: world.agent.as('work'), now: () => at, config }));
}

const command = systemCommand('test', now)
const file = { name: 'audit-1.jsonl', digest: 'ab' }
const proof = () =>
  world.sql.begin('isolation level repeatable read read only', async (tx) => {
    const keys = await audit.ownKeys(world.agent.keys, 'test/log')
    return [await audit.verify(tx), await audit.verifyLog(tx, { keys })] as const
  })

test('the span ends before the first that is younger, and twelve months are kept whatever is asked [S54]', async () => {
  // The world's own events of today are the first leaves, so that nothing before them may go at all.
  expect(await audit.archiveSpan(world.sql, now, 72)).toBeUndefined()
  await world.admin`update audit.leaves set at = ${monthsAgo(101)} where index < (select min(index) from audit.leaves where at < ${monthsAgo(90)})`
  const count = async (months: number) => {
    const span = await audit.archiveSpan(world.sql, now, months)
    return span && Number(await leavesOf(span.upTo, 'sessions.ended'))
  }
  expect(await count(72)).toBe(3)
  expect(await count(12)).toBe(7)
  expect(await count(0)).toBe(7)
})

test('nothing younger than twelve months goes, whoever asks the database for it [S54]', async () => {
  const [size] = await world.sql<Array<{ size: bigint }>>`select max(index) + 1 as size from audit.leaves`
  await expect(world.admin`select audit.archive(${size!.size})`).rejects.toMatchObject({ code: 'CR011' })
  await expect(world.sql`delete from audit.events`).rejects.toMatchObject({ code: '42501' })
  await expect(world.sql`update audit.horizon set index = ${size!.size}`).rejects.toMatchObject({ code: '42501' })
})

test('what is archived is in the file byte for byte, is gone from the database, and the log proves as before [S54]', async () => {
  const span = (await audit.archiveSpan(world.sql, now, 72))!
  const before = await world.sql<Array<{ entry: string }>>`
    select e.entry from audit.leaves l join audit.events e on e.id::text = l.ref where l.index < ${span.upTo} order by l.index`
  const lines: string[] = []
  for await (const part of audit.archiveLines(world.sql, span)) lines.push(part)
  const written = lines.join('').trim().split('\n')
  expect(written.map((line) => line.slice(line.indexOf('"entry":') + 8, -1))).toEqual(before.map(({ entry }) => entry))
  expect((await proof()).every(({ ok }) => ok)).toBe(true)

  expect(await world.admin.begin((tx) => audit.archive(tx, command, span, file))).toBeUndefined()
  await seal()
  expect(await leavesOf(span.upTo, 'sessions.ended')).toBe(0n)
  expect(await audit.search(world.sql, { code: 'sessions.ended', limit: 9 })).toHaveLength(5)
  const [events, log] = await proof()
  expect(events).toMatchObject({ ok: true })
  expect(log).toMatchObject({ ok: true, archived: before.length })
  const [told] = await audit.search(world.sql, { code: 'audit.archived', limit: 1 })
  expect(told?.detail).toMatchObject({ count: before.length, file: 'audit-1.jsonl', upTo: span.upTo.toString() })
  for (const [index, line] of written.entries()) {
    const { leaf } = (await audit.leafOf(world.sql, { index: Number(JSON.parse(line).index) }))!
    expect(audit.leafHash(Buffer.from(before[index]!.entry))).toEqual(leaf)
  }
})

test('a superuser who takes events out and moves the horizon is found out', async () => {
  let found: audit.AuditProof | undefined
  await world.admin
    .begin(async (tx) => {
      await tx`delete from audit.events where id in (select ref::uuid from audit.leaves where kind = 'event' and index < 12)`
      await tx`update audit.horizon set index = 12`
      found = await audit.verify(tx)
      throw new Error('undo')
    })
    .catch(() => {})
  expect(found).toMatchObject({ ok: false, firstBad: 'entries are missing that no event says were archived' })
})

const open = () => openDatabase({ ...world.address, user: 'countroom_owner', password: '', poolMax: 1 })

async function leavesOf(upTo: bigint, code: string): Promise<bigint> {
  const [row] = await world.sql<Array<{ count: bigint }>>`
    select count(*) from audit.leaves l join audit.events e on e.id::text = l.ref where l.index < ${upTo} and e.code = ${code}`
  return row!.count
}

test('what falls due is archived by itself; a folder that is gone is said once, is an event, and is made up for [S54]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cr-archive-'))
  const said: string[] = []
  const later = new Date(now)
  later.setUTCMonth(later.getUTCMonth() + 43) // those of 30 months ago are past six years then
  const keep = (into: string) =>
    keepArchive({ open, folder: into, say: (line) => said.push(line), lookMs: 20, now: () => later })
  const gone = keep(join(folder, 'gone'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  await gone.stop()
  expect(said).toEqual([expect.stringMatching(/could not be archived: .*ENOENT/)])
  expect(await audit.search(world.sql, { code: 'audit.archiving_failed', limit: 9 })).toHaveLength(1)
  expect(readdirSync(folder)).toEqual([])
  const keeper = keep(folder)
  await until('archived', async () => said.length > 1 || undefined)
  await keeper.stop()
  const [file] = readdirSync(folder)
  expect(said[1]).toContain(`${join(folder, file!)}.`)
  const lines = readFileSync(join(folder, file!), 'utf8').trim().split('\n')
  const [told] = await audit.search(world.sql, { code: 'audit.archived', limit: 1 })
  expect(told?.detail).toMatchObject({ file, count: lines.length })
  expect((await proof()).every(({ ok }) => ok)).toBe(true)
  rmSync(folder, { recursive: true })
})

test('how long the oldest has been due is known wherever the archive is kept', async () => {
  await world.admin
    .begin(async (tx) => {
      await tx`update audit.leaves set at = now() - interval '72 months 3 days' where index = (select index from audit.horizon)`
      expect(await audit.archiveOverdueDays(tx, 72)).toBeCloseTo(3, 1)
      expect(await audit.archiveOverdueDays(tx, 80)).toBe(0)
      throw new Error('undo')
    })
    .catch((error: Error) => expect(error.message).toBe('undo'))
})

test('a licence that asks for more or fewer months: nothing that it keeps goes, nothing of twelve months whatever it asks, and what was archived still proves, for strangers too [S54]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cr-archive-'))
  const owner = open()
  const left = async () => {
    const events = await audit.search(world.sql, { code: 'sessions.ended', limit: 9 })
    return events.map(({ at }) => at).sort()
  }
  /** The licence says so many months, and the archive is made at once. */
  const keeping = async (months: number) => {
    await world.admin`update licences.licences set rules = rules || ${world.sql.json({ auditMonthsKept: months })} where in_force`
    const path = join(folder, `${months}-${readdirSync(folder).length}`)
    const { events, file } = await archiveInto(owner, path, now)
    await seal()
    expect((await proof()).every(({ ok }) => ok)).toBe(true)
    const lines = file ? readFileSync(file, 'utf8').trim().split('\n') : []
    for (const line of lines) {
      const index = Number(/^\{"index":(\d+),/.exec(line)?.[1])
      const { leaf } = (await audit.leafOf(world.sql, { index }))!
      expect(audit.leafHash(Buffer.from(line.slice(line.indexOf('"entry":') + 8, -1)))).toEqual(leaf)
    }
    return { events, lines: lines.length, left: await left() }
  }
  const ago = (...months: number[]) => months.map((each) => monthsAgo(each).toISOString())
  const nothing = { events: 0, lines: 0 }
  const [{ archived: before }] = (await proof()).slice(1) as [audit.LogProof]
  try {
    expect(await keeping(200)).toEqual({ ...nothing, left: ago(28, 13, 11) })
    expect(await keeping(24)).toEqual({ events: 1, lines: 1, left: ago(13, 11) })
    expect(await keeping(1)).toEqual({ events: 1, lines: 1, left: ago(11) })
    expect(await keeping(72)).toEqual({ ...nothing, left: ago(11) })
  } finally {
    await owner.end()
  }
  const bundle = (await audit.bundleOf(world.sql, { keys: world.agent.keys }))!
  let text = ''
  for await (const piece of audit.bundleLines(world.sql, bundle)) text += piece
  writeFileSync(join(folder, 'bundle'), text)
  const [key] = await audit.ownKeys(world.agent.keys, 'test/log')
  const verifier = join(import.meta.dirname, '../../ops/verifier/verify-audit-log.mjs')
  const args = [verifier, 'log', join(folder, 'bundle'), '--key', audit.vkeyOf(key!), '--json']
  const verdict = JSON.parse(spawnSync('node', args, { encoding: 'utf8' }).stdout)
  expect(verdict).toMatchObject({ proven: true, archived: before + 2, archivedBefore: monthsAgo(12).toISOString() })
  rmSync(folder, { recursive: true })
})
