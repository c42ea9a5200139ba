import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as keys from '#keys'
import { viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { agentSocket, presentOps } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, type Client, openClient, signInAnew } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { makeToken, testPin } from '../support/modules.ts'
import { employ } from '../support/staff.ts'
import { interrupt, openTerminal, type Terminal } from '../support/terminal.ts'
import { removeHome } from './command.ts'

/**
 * The life of keys as an operator has it, at a terminal: a ceremony, a rotation, a backup, a key destroyed, and all of it again in
 * another node.
 */
const homes = [newHome('small'), newHome('small'), newHome('small')]
const [home = '', second = '', third = ''] = homes
let appliance: Appliance
let player: Client
let who: { email: string; password: string }
const password = 'a long enough password'
beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
  const sql = connect(viewHome(home), 'app')
  const core = keys.connectKeys(presentOps(viewHome(home)))
  const command = { ...systemCommand('test'), keys: core }
  for (const login of ['ann', 'ben'])
    await sql.begin((tx) => employ(tx, command, { role: 'administrator', login, password }))
  await core.close()
  await sql.end()
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  who = await arrive(player, appliance.urls)
}, 120_000)
afterAll(async () => {
  await player?.close()
  await appliance?.stop()
  for (const each of homes) removeHome(each)
})

const at = (of: string, ...args: string[]) => openTerminal(of, ['keys', ...args])

async function vouch(terminal: Terminal, first = password): Promise<void> {
  for (const [asked, said] of [
    ['staff 1, name', 'ann'],
    ['staff 1, password', first],
    ['staff 2, name', 'ben'],
    ['staff 2, password', password],
  ] as const) {
    await terminal.shows(asked)
    terminal.answer(said)
  }
}

async function said(terminal: Terminal): Promise<string> {
  expect(await terminal.ended, terminal.screen()).toBe(0)
  return terminal.screen()
}

async function brokenOff(terminal: Terminal): Promise<string> {
  terminal.press(interrupt)
  expect(await terminal.ended, terminal.screen()).toBe(130)
  return terminal.screen()
}

function settingsOf(of: string): object {
  const file = join(of, 'countroom.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {}
}

async function asked<T>(work: (ops: keys.Keys) => Promise<T>): Promise<T> {
  const ops = keys.connectKeys({ socket: agentSocket(viewHome(home), 'ops') })
  return work(ops).finally(() => ops.close())
}

const custodians = ['Ada', 'Grace', 'Edsger']
const ceremony = ['ceremony', '--custodians', custodians.join(), '--threshold', '2']
const letters: Record<string, string> = {}
let backup: string

/** What stands on the screen for one custodian; the last group but one is what they are asked for. */
async function readsShare(terminal: Terminal, name: string): Promise<string> {
  await terminal.shows(`${name} comes to the screen`)
  terminal.answer('')
  const shown = await terminal.shows('Type the last group but one')
  const [, share = ''] = /share: ([0-9A-Z-]{80,})/.exec(shown) ?? []
  expect(shown).toContain(`Share of ${name}`)
  return share
}

test('a ceremony that is broken off while shares are handed out has changed nothing, and can be held again', async () => {
  const before = await asked((ops) => ops.list())
  const terminal = at(home, ...ceremony)
  await vouch(terminal)
  const share = await readsShare(terminal, 'Ada')
  expect(share).not.toBe('')
  expect(await brokenOff(terminal)).toContain('Nothing was changed.')
  expect(await asked((ops) => ops.list())).toEqual(before)
  expect((await asked((ops) => ops.statusOfCeremony())).recovery).toBeUndefined()
}, 60_000)

test('[S44] each custodian reads a share alone and types its end back; then every family has a key that two of them can restore', async () => {
  const terminal = at(home, ...ceremony)
  await vouch(terminal)
  for (const name of custodians) {
    const share = await readsShare(terminal, name)
    terminal.answer('XXXX')
    await terminal.shows('That is not how it ends')
    terminal.press('\u007f'.repeat(4)) // backspace
    terminal.answer(share.split('-').at(-2) ?? '')
    letters[name] = share
  }
  await terminal.shows(/rotation of hk-dek-binding to hk-dek-binding-2/)
  expect(await said(terminal)).toMatch(/\d+ keys have copies that a quorum of custodians can restore/)
  expect(new Set(Object.values(letters)).size).toBe(3)
  const entries = await asked((ops) => ops.list())
  for (const { key, state, family, origin } of entries)
    if (state === 'active' && family !== 'hk-register') expect(origin, key).toBe('ceremony')
  expect((await player.ask('GET', '/api/me')).status).toBe(200)
}, 120_000)

test('custodians break the glass by the shares of a quorum, typed and never kept; fewer, and the console alone, do not where it says so', async () => {
  const reason = ['--reason', 'the last administrator is gone']
  const glass = (...args: string[]) => openTerminal(home, ['staff', 'break-glass', '--enrol', ...reason, ...args])
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ ...settingsOf(home), breakGlassBy: 'custodians' }))
  const alone = glass()
  expect(await alone.ended, alone.screen()).toBe(1)
  expect(alone.screen()).toMatch(/broken by the shares of custodians/)
  const typed = async (...names: string[]) => {
    const terminal = glass('--shares')
    for (const [index, name] of names.entries()) {
      await terminal.shows(`Share ${index + 1} of 2`)
      terminal.answer(letters[name] ?? '')
    }
    return terminal
  }
  const twice = await typed('Ada', 'Ada')
  expect(await twice.ended, twice.screen()).toBe(1)
  expect(twice.screen()).toMatch(/Ada has given their share already/)
  const broken = await said(await typed('Grace', 'Ada'))
  expect(broken).toMatch(/\/enrol#/)
  const sql = connect(viewHome(home), 'app')
  const [opened] = await sql`select custodians from staff.emergencies`
  const told = await sql`select entry from audit.events where code = 'staff.glass_broken'`
  await sql.end()
  expect(opened?.custodians).toEqual(['Grace', 'Ada'])
  expect(told).toHaveLength(1)
  expect(JSON.stringify(told)).toContain('Grace')
  for (const share of Object.values(letters)) expect(broken + JSON.stringify(told)).not.toContain(share)
}, 60_000)

test('a rotation: broken off it is not begun; a slip in a password is asked again; at the end nothing names the old key', async () => {
  const first = at(home, 'rotate', 'kek-pii')
  await first.shows('staff 1, name')
  const screen = await brokenOff(first)
  expect(screen).toContain('Nothing was changed.')
  expect(screen).not.toMatch(/setting:|try:/)

  const terminal = at(home, 'rotate', 'kek-pii')
  await vouch(terminal, 'a slip')
  await terminal.shows('Name or password is wrong')
  await vouch(terminal)
  const whole = await said(terminal)
  expect(
    whole.match(/rotation of kek-pii to kek-pii-3 has ended: \d+ moved, nothing names an older key/g),
  ).toHaveLength(1)
  expect((await player.ask('GET', '/api/me')).status).toBe(200)

  const register = at(home, 'rotate', 'hk-register')
  await vouch(register)
  expect(await said(register)).toContain('rotation of hk-register to hk-register-2 has ended: nothing to move')
  const listed = await said(at(home, 'list'))
  expect(listed).toMatch(/^kek-pii-3 +active .*wraps \d+ data keys/m)
  expect(listed).toMatch(/^hk-register-2 +active/m)
}, 120_000)

test('Ctrl-C while a rotation is watched ends the watching alone', async () => {
  const sql = connect(viewHome(home), 'owner')
  const held = Promise.withResolvers<void>()
  const keeping = sql.begin(async (tx) => {
    await tx`lock table keys.deks in row exclusive mode` // somebody is keeping a data key, and takes their time
    await held.promise
  })
  const terminal = at(home, 'rotate', 'kek-pii')
  await vouch(terminal)
  await terminal.shows('Ctrl-C stops only this watching')
  expect(await brokenOff(terminal)).toContain('The worker goes on by itself')
  const again = at(home, 'rotate', 'kek-pii') // nobody has to say yes twice
  await again.shows('Ctrl-C stops only this watching')
  held.resolve()
  await keeping
  await sql.end()
  await again.shows(/rotation of kek-pii to kek-pii-\d+ has ended/, 80)
  await said(again)
}, 120_000)

test('[S43] a key is destroyed when it is wanted twice; a backup from then on has everything but it', async () => {
  const no = at(home, 'destroy', 'kek-pii-1', '--early')
  await no.shows('Nothing can bring it back')
  no.answer('')
  expect(await no.ended).toBe(130)
  const terminal = at(home, 'destroy', 'kek-pii-1', '--early')
  await terminal.shows('Nothing can bring it back')
  terminal.press('y')
  await terminal.shows('Type kek-pii-1 to go on')
  terminal.answer('kek-pii-1')
  await vouch(terminal)
  expect(await said(terminal)).toContain('kek-pii-1 is destroyed')
  await player.close()
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca }) // there is another root by now
  await signInAnew(player, appliance.urls, who) // their password is now under the new pepper
  const written = await said(at(home, 'backup'))
  expect(written).toMatch(/of the keys that wrap them: .*kek-pii-4/)
  backup = /^ {2}(\/.+\.jsonl)\r?$/m.exec(written)?.[1] ?? ''
  expect(readFileSync(backup, 'utf8')).toContain('countroom-keys-backup-2')
}, 60_000)

/** Two custodians type what they have; the first makes a slip. */
async function giveShares(terminal: Terminal): Promise<void> {
  await terminal.shows('Share 1 of 2')
  terminal.answer(`${letters.Grace?.slice(0, -6)}`)
  await terminal.shows(/mistyped[\s\S]*Share 1 of 2/) // asked anew, and not only the prompt of before
  terminal.answer(letters.Grace?.toLowerCase() ?? '')
  await terminal.shows('Share 2 of 2')
  terminal.answer(letters.Ada ?? '')
}

test('restored into another node, under two custodians, all of it is there', async () => {
  await player.close()
  await appliance.stop()
  rmSync(second, { recursive: true })
  execFileSync('cp', ['-a', home, second])
  rmSync(join(second, 'token'), { recursive: true })

  const terminal = at(second, 'restore', backup)
  await giveShares(terminal)
  await terminal.shows('Give them up?') // what was born in the token that is lost, and nothing names any more
  terminal.press('y')
  expect(await said(terminal)).toMatch(/Brought into the token: .*kek-pii-4[\s\S]+the next start joins them/)

  appliance = await startAppliance({ home: second, freePorts: true })
  const sql = connect(viewHome(second), 'app')
  await sql`update sessions.codes set asked_at = asked_at - interval '1 hour'` // another is not sent within a minute
  await sql.end()
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  await signInAnew(player, appliance.urls, who)
  expect((await player.ask('GET', '/api/me')).status).toBe(200)
}, 120_000)

test('another node joins on a module of another maker, whose PIN is typed', async () => {
  const dir = join(third, 'nss-token')
  mkdirSync(dir)
  chmodSync(dir, 0o755)
  const { module, token } = makeToken('nss', dir)
  const { keys: agent } = findIdentities().users
  if (agent) execFileSync('chown', ['-R', `${agent.uid}:${agent.gid}`, dir])
  const pkcs11 = { path: module.path, initArgs: module.initArgs, token, pin: { from: 'prompt' } }
  writeFileSync(join(third, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, pkcs11 }))

  // It has no Ed25519, so what signs the log and the manifest stays with the first.
  const terminal = at(third, 'join', backup, '--without', 'sk-audit-2,sk-manifest-2')
  await terminal.shows('PIN of the token')
  terminal.answer(testPin)
  await giveShares(terminal)
  await terminal.shows('Give them up?')
  terminal.press('y')
  expect(await said(terminal)).toMatch(/Brought into the token: .*kek-pii-4/)
  const known = (of: string) =>
    JSON.parse(
      (JSON.parse(readFileSync(join(of, 'token/state/register.json'), 'utf8')) as { register: string }).register,
    ) as {
      entries: Array<{ key: string; state: string; check: string }>
    }
  const of = (entries: ReturnType<typeof known>) => entries.entries.find(({ key }) => key === 'kek-pii-4')
  expect(of(known(third))).toMatchObject({ state: 'active', check: of(known(second))?.check })
}, 120_000)
