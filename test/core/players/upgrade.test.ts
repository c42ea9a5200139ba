import { createSecretKey } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as keys from '#keys'
import * as players from '#players'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import { rooms } from '../../../core/rooms.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

const core = join(import.meta.dirname, '../../../core')
const name = `test_players_upgrade_${process.pid}`
let first: string // core as it was when every room had its first migration only
let admin: Sql
let owner: Sql
let agent: TestKeys
beforeAll(async () => {
  agent = await startTestKeys()
  first = mkdtempSync(join(tmpdir(), 'cr-first-'))
  for (const room of rooms) {
    const file = join(room, 'sql', `0001_${room}.sql`)
    if (!existsSync(join(core, file))) continue // a room without tables
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
  await agent.stop()
  rmSync(first, { recursive: true, force: true })
})

test('who registered when keys had no epochs is found by their address, read, and confirmed by the code they were sent', async () => {
  await migrate(owner, first)
  const { keys: token } = agent
  const player = 'plr_0000000000000000000000abcd'
  const email = 'ada@example.com'
  const dek = await token.newDek('kek-pii-1', Buffer.from(JSON.stringify([player, 'contact', 1])))
  const opened = await token.openDek(
    dek.kek,
    Buffer.from(JSON.stringify([player, 'contact', 1])),
    dek.wrapped,
    dek.binding,
  )
  const place: keys.Place = { player, purpose: 'contact', table: 'players.players', column: 'email', row: player }
  const sealed = keys.sealUnder({ version: 1, key: createSecretKey(opened) }, { ...place, plaintext: email })
  const index = await token.mac('hk-email-index-1', Buffer.from(`email|v1|${email}`))
  const mac = await token.mac('hk-pepper-1', Buffer.from(`confirmation|${player}|123456`))
  await owner`
    insert into keys.deks (player, purpose, version, kek, wrapped, binding, created_at)
    values (${player}, 'contact', 1, 'kek-pii-1', ${dek.wrapped}, ${dek.binding}, now())`
  await owner`
    insert into players.players (player, status, country, currency, email_index, email, profile, terms_version, privacy_version,
      terms_accepted_at, registered_at)
    values (${player}, 'pending_email', 'MT', 'EUR', ${index}, ${sealed}, '', '1', '1', now(), now())`
  await owner`
    insert into players.confirmations (player, code_mac, expires_at) values (${player}, ${mac}, now() + interval '30 minutes')`

  await migrate(owner)
  expect((await players.findByEmail(owner, token, 'Ada@Example.com'))?.player).toBe(player)
  expect((await keys.open(owner, token, { ...place, envelope: sealed })).toString()).toBe(email)
  const confirm = (code: string) =>
    owner.begin((tx) =>
      players.confirmEmail(tx, { ...systemCommand('test'), keys: token }, { email, code, shownBy: player }),
    )
  expect(await confirm('654321')).toBe(false)
  expect(await confirm('123456')).toBe(true)
})
