import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import { rooms } from '../../../core/rooms.ts'

const core = join(import.meta.dirname, '../../../core')
const name = `test_audit_upgrade_${process.pid}`
let first: string // core as it was when every room had its first migration only
let admin: Sql
let owner: Sql
beforeAll(async () => {
  first = mkdtempSync(join(tmpdir(), 'cr-first-'))
  for (const room of rooms) {
    const file = join(room, 'sql', `0001_${room}.sql`)
    if (!existsSync(join(core, file))) continue // a room without tables, or of later
    mkdirSync(join(first, room, 'sql'), { recursive: true })
    cpSync(join(core, file), join(first, file))
  }
  const { host, port } = JSON.parse(process.env.COUNTROOM_TEST_DATABASE!) as { host: string; port: number }
  admin = openDatabase({ host, port, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await admin.unsafe(`create database ${name} owner countroom_owner`)
  owner = openDatabase({ host, port, database: name, user: 'countroom_owner', password: '', poolMax: 2 })
})
afterAll(async () => {
  await owner?.end()
  await admin.unsafe(`drop database ${name} with (force)`)
  await admin.end()
  rmSync(first, { recursive: true, force: true })
})

const player = 'plr_01hzy3v7k9m2n4p6q8r0s2t4w6'
const at = '2026-11-20T08:00:00.123Z'

test('records of the chain come along whole: each still holds its link, and the end its signature', async () => {
  await migrate(owner, first)
  const append = (
    kind: string,
    actor: string,
    action: string,
    subject: string,
    reason: string,
    detail: string,
  ) => owner`
    select audit.append(${at}, ${kind}, ${actor}, '10.0.0.7', ${action}, ${subject}, ${reason}, ${detail}, 'req_1')`
  await append('staff', 'stf_eve', 'players.suspended', player, 'said "no"\n\u2028 and \\ left', '{"n":"1"}')
  await append('player', 'anonymous', 'sessions.sign_in_refused', 'unknown', '', '{}')
  await append('player', player, 'sessions.begun', player, '', '{}')
  await owner`insert into audit.checkpoints (seq, at, hash, signature) select seq, ${at}, hash, '\\x0102' from audit.head`

  await migrate(owner)
  expect(await audit.verify(owner)).toEqual({ ok: true, count: 4n })
  const [ended, begun, refused, suspended] = await audit.search(owner, { limit: 10 })
  expect(suspended).toMatchObject({
    at,
    code: 'players.suspended',
    outcome: 'success',
    actor: { kind: 'staff', id: 'stf_eve' },
    address: '10.0.0.7',
    subject: player,
    player,
    reason: 'said "no"\n\u2028 and \\ left',
    detail: { n: '1' },
  })
  expect(refused).toMatchObject({ code: 'sessions.sign_in_refused', outcome: 'failure' })
  expect(begun).toMatchObject({ actor: { kind: 'player', id: player }, player })
  expect(ended).toMatchObject({
    code: 'audit.chain_ended',
    detail: { checkpoint: '3', signature: '0102' },
    chain: { number: '3', hash: begun?.chain?.hash },
  })
  let previous = ''
  for (const event of [suspended!, refused!, begun!]) {
    expect(event.chain?.previous).toBe(previous)
    expect(linkOf(event)).toBe(event.chain?.hash)
    previous = event.chain!.hash
  }
  const [waiting] = await owner`select count(*)::int from audit.unsealed`
  expect(waiting?.count).toBe(4)
})

/** The hash of the chain of then, from an event alone. */
function linkOf({ chain, at, actor, address, code, subject, reason, detail, requestId }: audit.AuditEvent): string {
  const fields = [
    chain!.number,
    at.replace('Z', '000Z'),
    actor.kind,
    actor.id,
    address ?? '',
    code,
    subject,
    reason ?? '',
    detail ? JSON.stringify(detail) : '{}',
    requestId,
  ]
  const content = fields.map((field) => `${[...field].length}:${field}`).join(',')
  return createHash('sha256').update(Buffer.from(chain!.previous!, 'hex')).update(content).digest('hex')
}
