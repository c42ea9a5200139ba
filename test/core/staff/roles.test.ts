import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as staff from '#staff'
import { openDatabase } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import { rooms } from '../../../core/rooms.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { employ, rp, shown } from '../../support/staff.ts'

let db: TestDatabase
let agent: TestKeys
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

const command = (now = new Date()) => ({ ...systemCommand('test'), now, keys: agent.keys })
const later = (minutes: number) => new Date(Date.now() + minutes * 60_000)
const act = <T>(work: (tx: Parameters<typeof staff.grant>[0]) => Promise<T>) => db.sql.begin(work) as Promise<T>

async function hire(login: string, role: string) {
  const { id, passkey } = await act((tx) => employ(tx, command(), { login, role }))
  const options = await act((tx) => staff.signInChallenge(tx, command(), rp))
  const begun = await act((tx) => staff.signIn(tx, command(), { rp, response: passkey.get(options), shown }))
  if ('refusal' in begun) throw begun.refusal
  const seen = async (now = new Date()) => (await staff.find(db.sql, begun.secret, now))!
  return { id, seen }
}
const may = async (somebody: { seen(): Promise<staff.StaffSession> }, permission: staff.Permission) =>
  (await somebody.seen()).permissions.includes(permission)

test('the roles of the trade are there, the administrator has every permission, and the auditor none that changes anything', async () => {
  const roles = await staff.roles(db.sql)
  expect(roles.map(({ role }) => role)).toEqual(
    'administrator auditor compliance_officer finance game_manager payments risk security support'.split(' '),
  )
  const of = (name: string) => roles.find(({ role }) => role === name)!.permissions
  expect([...of('administrator')].sort()).toEqual([...staff.permissions].sort())
  expect(of('auditor').filter((permission) => !permission.endsWith('.view'))).toEqual(['program.verify'])
  // A role row that names what the code does not know would permit nothing and mean it.
  const words = await db.admin<Array<{ word: string }>>`select distinct unnest(permissions) as word from staff.roles`
  expect(words.filter(({ word }) => !staff.isPermission(word))).toEqual([])
})

test('what a role permits, who has it and until when holds on sessions that are open [S22]', async () => {
  const boss = await hire('boss', 'administrator')
  const grace = await hire('grace', 'support')
  const proposal = 'prp_x'
  expect(await may(grace, 'players.suspend')).toBe(true)
  const support = { role: 'support', title: 'Support', proposal }
  await act((tx) => staff.setRole(tx, command(), { ...support, permissions: ['players.view'] }))
  expect(await may(grace, 'players.suspend')).toBe(false)
  await act((tx) => staff.setRole(tx, command(), { ...support, permissions: ['players.view', 'players.suspend'] }))
  expect(await may(grace, 'players.suspend')).toBe(true)

  await act((tx) => staff.grant(tx, command(), { staff: grace.id, role: 'finance', minutes: 10, proposal }))
  expect(await may(grace, 'adjustments.approve')).toBe(true)
  expect((await grace.seen(later(11))).permissions).not.toContain('adjustments.approve')
  expect((await grace.seen(later(11))).permissions).toContain('players.suspend')
  await act((tx) => staff.revoke(tx, command(), { staff: grace.id, role: 'finance', proposal }))
  expect(await may(grace, 'adjustments.approve')).toBe(false)

  await db.admin`update staff.members set disabled_at = now() where staff = ${grace.id}`
  expect(await grace.seen()).toBeUndefined()
  expect(await may(boss, 'roles.approve')).toBe(true)
})

test('a word that is no permission makes no role; a role is given once, taken once, and the last who may approve keeps theirs', async () => {
  const eve = await hire('eve', 'payments')
  const refused = (work: Parameters<typeof act>[0]) => act(work).catch((error: { code: string }) => error.code)
  const role = { role: 'payments', title: 'Payments', proposal: 'prp_x' }
  expect(await refused((tx) => staff.setRole(tx, command(), { ...role, permissions: ['money.print'] }))).toBe(
    'staff.permission_unknown',
  )
  for (const [work, code] of [
    [{ staff: eve.id, role: 'payments' }, 'staff.grant_stands'],
    [{ staff: eve.id, role: '__proto__' }, 'staff.role_unknown'],
    [{ staff: 'stf_nobody', role: 'payments' }, 'staff.member_unknown'],
  ] as const)
    expect(await refused((tx) => staff.grant(tx, command(), work))).toBe(code)
  expect(await refused((tx) => staff.revoke(tx, command(), { staff: eve.id, role: 'risk' }))).toBe('staff.grant_absent')

  // Two who may approve; each is to be taken from them at once: one of both stays.
  const [boss] = (await staff.grants(db.sql, new Date())).filter(({ role }) => role === 'administrator')
  await act((tx) => staff.grant(tx, command(), { staff: eve.id, role: 'administrator' }))
  const taken = await Promise.all(
    [boss!.staff, eve.id].map((id) =>
      refused((tx) => staff.revoke(tx, command(), { staff: id, role: 'administrator' })),
    ),
  )
  expect(taken.filter((code) => code === 'staff.last_approver')).toHaveLength(1)
  const none = ['administrator', 'security'].map((name) => ({ role: name, title: name, permissions: ['staff.view'] }))
  const change = (which: number) =>
    refused((tx) => staff.setRole(tx, command(), { ...none[which]!, proposal: 'prp_x' }))
  expect([await change(1), await change(0)]).toEqual([undefined, 'staff.last_approver'])
})

test('who had a role before roles were rows has it after the upgrade', async () => {
  const core = join(import.meta.dirname, '../../../core')
  const before = mkdtempSync(join(tmpdir(), 'cr-before-'))
  for (const room of rooms) {
    const file = join(room, 'sql', `0001_${room}.sql`)
    if (!existsSync(join(core, file))) continue
    mkdirSync(join(before, room, 'sql'), { recursive: true })
    cpSync(join(core, file), join(before, file))
  }
  const name = `test_staff_upgrade_${process.pid}`
  await db.admin.unsafe(`create database ${name} owner countroom_owner`)
  const owner = openDatabase({ ...db.address, database: name, user: 'countroom_owner', password: '', poolMax: 2 })
  try {
    await migrate(owner, before)
    for (const role of ['administrator', 'payments', 'support', 'auditor'])
      await owner`
        insert into staff.members (staff, login, role, password_hash, enrolled_at)
        values (${`stf_${role}`}, ${role}, ${role}, '', now())`
    await migrate(owner)
    const able = (role: string) => staff.permissionsOf(owner, `stf_${role}`, new Date())
    expect(await able('payments')).toContain('payments.approve')
    expect(await able('support')).toEqual(expect.arrayContaining(['players.unmask_contact', 'players.suspend']))
    expect(await able('auditor')).toEqual(expect.arrayContaining(['audit.view', 'books.view']))
    expect((await able('administrator')).length).toBe(staff.permissions.length)
  } finally {
    await owner.end()
    await db.admin.unsafe(`drop database ${name} with (force)`)
    rmSync(before, { recursive: true })
  }
})
