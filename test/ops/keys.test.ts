import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { systemCommand } from '#base'
import * as keys from '#keys'
import * as staff from '#staff'
import { acts } from '../../core/host/acts.ts'
import type { Sql } from '../../core/host/database.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { defaultPorts } from '../../ops/appliance/settings.ts'
import { presentOps } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, type Client, openClient, signInAnew, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { employ, rp } from '../support/staff.ts'
import { countroom, launch, removeHome } from './command.ts'

/** The operator's commands about keys, as processes, against a running appliance. */
const home = newHome('small')
let appliance: Appliance
let sql: Sql
let player: Client
let who: { email: string; password: string }
const members: Record<string, Awaited<ReturnType<typeof employ>>> = {}

const password = 'a long enough password'
const [ann, ben] = [
  { login: 'ann', password },
  { login: 'ben', password },
]
beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
  sql = connect(viewHome(home), 'app')
  const core = keys.connectKeys(presentOps(viewHome(home)))
  const command = { ...systemCommand('test'), keys: core }
  for (const [login, role] of [
    ['ann', 'administrator'],
    ['ben', 'administrator'],
    ['sue', 'support'],
  ] as const)
    members[login] = await sql.begin((tx) => employ(tx, command, { role, login, password }))
  await core.close()
  player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  who = await arrive(player, appliance.urls)
}, 120_000)
afterAll(async () => {
  await player?.close()
  await sql?.end({ timeout: 1 })
  await appliance?.stop()
  removeHome(home)
})

/** What ann asks for and ben signs, as the desk does it. */
async function approvedAtDesk(act: string, payload: object): Promise<string> {
  const core = keys.connectKeys(presentOps(viewHome(home)))
  const by = (login: string) => ({
    ...{ ...systemCommand('test'), keys: core },
    actor: { kind: 'staff' as const, id: members[login]!.id },
  })
  try {
    return await sql.begin(async (tx) => {
      const { proposal, digest } = await staff.propose(tx, by('ann'), acts, { act, payload, reason: 'it is time' })
      const options = await staff.approvalChallenge(tx, by('ben'), acts, { proposal, rp })
      const passkey = members.ben!.passkey.get(options)
      await staff.approve(tx, by('ben'), acts, { proposal, digest, rp, passkey })
      return proposal
    })
  } finally {
    await core.close()
  }
}

type Listed = {
  keys: Array<{ key: string; family: string; state: string; origin: string; deks?: number; destroyFrom?: string }>
  rotations: keys.Rotation[]
}

const run = (args: string[], vouchers?: object[]) =>
  countroom(home, ['keys', ...args], vouchers ? { input: JSON.stringify(vouchers) } : {})
const list = async () => JSON.parse((await run(['list', '--json'])).out) as Listed
const stateOf = async (key: string) => (await list()).keys.find((each) => each.key === key)?.state
const told = async (action: string) => (await sql`select from audit.events where code = ${action}`).length

describe('countroom keys', () => {
  test('lists every key with its state, for people and for machines', async () => {
    const { keys: found } = await list()
    expect(found.find(({ key }) => key === 'kek-pii-1')).toMatchObject({ state: 'active', deks: expect.any(Number) })
    const { code, out } = await run(['list'])
    expect(code).toBe(0)
    expect(out).toMatch(/^kek-pii-1 +active .* wraps \d+ data keys$/m)
    expect(out).not.toContain('OVERDUE')
  })

  test('nobody rotates or destroys alone: not one, not one twice, not one without the right or with a wrong password [S44]', async () => {
    const tried = [
      [[ann], /needs the yes of 2/],
      [[ann, ann], /different people/],
      [[ann, { ...ann, login: 'ANN' }], /different people/],
      [[ann, { login: 'sue', password }], /does not allow/],
      [[ann, { login: 'ben', password: 'wrong' }], /Name or password is wrong/],
      [[], /needs the yes of 2/],
    ] as const
    const answers = await Promise.all(tried.map(([vouchers]) => run(['rotate', 'kek-pii'], [...vouchers])))
    for (const [n, [, says]] of tried.entries()) {
      expect(answers[n]?.out).toMatch(says)
      expect(answers[n]?.code).toBe(1)
    }
    const { code, out } = await run(['rotate', 'kek-pii']) // nobody there at all
    expect([code, out]).toEqual([1, expect.stringMatching(/nobody is there to ask/)])
    expect(await stateOf('kek-pii-2')).toBeUndefined()
    expect((await list()).rotations).toEqual([])
    expect((await run(['rotate', 'hk-recovery'], [ann, ben])).out).toMatch(/another ceremony/)
  }, 120_000)

  test('two rotate a key while players stay, and the worker moves what named the old one [S38]', async () => {
    const { code, out } = await run(['rotate', 'kek-pii', '--json'], [ann, ben])
    expect(code, out).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ state: 'retired', epoch: 'kek-pii-2', moved: expect.any(Number) })
    const { keys: found } = await list()
    expect(found.find(({ key }) => key === 'kek-pii-1')).toMatchObject({ state: 'decrypt-only', deks: 0 })
    expect((await player.ask('GET', '/api/me')).status).toBe(200)
    for (const action of ['keys.rotation_asked', 'keys.rotation_begun', 'keys.rotation_ended'])
      expect(await told(action), action).toBe(1)
    expect(await told('staff.vouched')).toBeGreaterThanOrEqual(2)
  })

  test('two who approved a rotation at the desk need no passwords here; their approval is good once [S44] [S46]', async () => {
    const before = (await list()).keys.filter(({ family }) => family === 'sk-token').length
    const approval = await approvedAtDesk('keys.rotate', { family: 'sk-token' })
    const other = await run(['rotate', 'kek-pii', '--approval', approval])
    expect([other.code, other.out]).toEqual([1, expect.stringMatching(/No approval is good for exactly this/)])
    const { code, out } = await run(['rotate', 'sk-token', '--approval', approval, '--json'])
    expect(code, out).toBe(0)
    const again = await run(['rotate', 'sk-token', '--approval', approval])
    expect([again.code, again.out]).toEqual([1, expect.stringMatching(/No approval/)])
    expect((await list()).keys.filter(({ family }) => family === 'sk-token')).toHaveLength(before + 1)
    const [asked] = await sql<Array<{ entry: { detail: { vouchers: string[] } } }>>`
      select entry::json as entry from audit.events where code = 'keys.rotation_asked' order by id desc limit 1`
    expect(asked!.entry.detail.vouchers).toEqual([members.ann!.id, members.ben!.id])
  })

  test('a command that is killed at any moment is gone on with by the same command', async () => {
    const rotation = async () =>
      (await keys.rotations(sql)).find(({ family }) => family === 'hk-email-index')?.state ?? 'none'
    for (let killed = 0, patienceMs = 300; ['none', 'asked'].includes(await rotation()); killed++, patienceMs += 150) {
      const started = launch(home, ['keys', 'rotate', 'hk-email-index', '--json'], {
        input: JSON.stringify([ann, ben]),
      })
      setTimeout(() => started.child.kill('SIGKILL'), patienceMs)
      await started.ended
      expect(killed).toBeLessThan(40)
    }
    await until('the rotation', async () => ((await keys.openRotations(sql)).length === 0 ? true : undefined), 70)
    const made = (await list()).keys.filter(({ key }) => key.startsWith('hk-email-index-'))
    expect(made.map(({ state }) => state)).toEqual(['decrypt-only', 'active'])
  }, 120_000)

  test('a backup is one file nobody else may read, and joins again; a changed one is refused', async () => {
    const done = JSON.parse((await run(['backup', '--json'])).out) as { path: string; deks: number }
    expect(statSync(done.path).mode & 0o777).toBe(0o400)
    expect(done.deks).toBe((await sql`select from keys.deks`).length)
    expect((await run(['restore', done.path], [ann])).code).toBe(1)
    const joined = await run(['restore', done.path, '--json'], [ann, ben])
    expect(JSON.parse(joined.out)).toMatchObject({ joined: { deks: done.deks, erased: 0 } })
    expect((await player.ask('GET', '/api/me')).status).toBe(200)
    const changed = viewHome(home).path('changed.jsonl')
    viewHome(home).write('changed.jsonl', readFileSync(done.path, 'utf8').replace('plr_', 'plr-'))
    expect(await run(['restore', changed])).toMatchObject({ code: 1, out: expect.stringMatching(/it was changed/) })
    expect(existsSync(viewHome(home).path('rejoin-keys.jsonl'))).toBe(false)
  })

  test('a key is destroyed when nothing needs it, confirmed by name and by two; then it is gone [S43] [S44]', async () => {
    const destroy = (args: string[], vouchers: object[] = [ann, ben]) => run(['destroy', ...args], vouchers)
    for (const [args, says] of [
      [['kek-pii-2'], /something may still name it/],
      [['kek-pii-9'], /no key kek-pii-9/],
      [['kek-pii-1'], /backups of data may need it until \d{4}-/],
      [['kek-pii-1', '--early'], /has to be confirmed by name/],
      [['kek-pii-1', '--early', '--confirm', 'kek-pii-2'], /has to be confirmed by name/],
    ] as const)
      expect(await destroy([...args])).toMatchObject({ code: 1, out: expect.stringMatching(says) })
    const planned = await destroy(['kek-pii-1', '--early', '--dry-run'], [])
    expect(planned).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Would destroy kek-pii-1\. Nothing was done/),
    })
    expect(await destroy(['kek-pii-2', '--dry-run'])).toMatchObject({ code: 1 })
    expect(await stateOf('kek-pii-1')).toBe('decrypt-only')
    const sure = ['kek-pii-1', '--early', '--confirm', 'kek-pii-1']
    expect((await destroy(sure, [ann])).code).toBe(1)
    expect(await stateOf('kek-pii-1')).toBe('decrypt-only')
    expect(await destroy(sure)).toMatchObject({ code: 0, out: expect.stringMatching(/kek-pii-1 is destroyed/) })
    expect(await stateOf('kek-pii-1')).toBe('destroyed')
    expect(await told('keys.epoch_destroyed')).toBe(1)
    expect((await player.ask('GET', '/api/me')).status).toBe(200)
  })
})

describe('the ceremony', () => {
  const folder = viewHome(home).path('shares')
  const share = (name: string) => `${folder}/${name}.share`
  let backup: string
  let unsealed: string[]

  test('gives each custodian a file of their own, and every family a key that a quorum can restore [S42] [S44]', async () => {
    const held = ['ceremony', '--custodians', 'Ada,Grace,Edsger', '--threshold', '2', '--out', folder, '--json']
    expect((await run(held, [ann])).code).toBe(1)
    expect(existsSync(folder)).toBe(false)
    const { code, out } = await run(held, [ann, ben])
    expect(code, out).toBe(0)
    const letters = ['ada', 'grace', 'edsger'].map((name) => {
      expect(statSync(share(name)).mode & 0o777).toBe(0o400)
      return /^share: ([0-9A-Z-]{80,})$/m.exec(readFileSync(share(name), 'utf8'))?.[1]
    })
    expect(new Set(letters).size).toBe(3)
    const { keys: found } = await list()
    for (const { key, family, state, origin } of found)
      if (state === 'active' && family !== 'hk-register') expect(origin, key).toBe('ceremony')
    expect(found.filter(({ family }) => family === 'kek-pii').at(-1)?.deks).toBeGreaterThan(0)
    unsealed = (JSON.parse(out) as { unsealed: string[] }).unsealed
    // Another ceremony takes the keys from these custodians, so a quorum of them has to want it; one is none.
    const again = ['ceremony', '--custodians', 'Mallory,Eve', '--threshold', '2', '--out', `${folder}2`]
    const refused = await run([...again, '--shares', share('ada')], [ann, ben])
    expect(refused).toMatchObject({ code: 1, out: expect.stringMatching(/1 of 2 shares/) })
    expect(existsSync(`${folder}2`)).toBe(false)
    expect(await told('keys.ceremony_begun')).toBe(1) // what was refused was rolled back with its record
  }, 120_000)

  test('a token that was lost is made again by two of three; what one alone gives is worth nothing [S44]', async () => {
    expect((await player.ask('POST', '/api/sessions', who)).status).toBe(201) // their password is now under the new pepper
    backup = (JSON.parse((await run(['backup', '--json'])).out) as { path: string }).path
    await player.close()
    await sql.end()
    await appliance.stop()
    const token = viewHome(home).path('token')
    renameSync(token, `${token}.lost`)

    // Another appliance of this machine has its key agent where this one would have its metrics, and answers for it.
    const other = createServer((_, answer) => answer.end('{}')).on('error', () => {}) // there is one, where it cannot be had
    other.listen(defaultPorts.keysMetrics, '127.0.0.1')
    onTestFinished(() => void other.close())
    const restore = (...shares: string[]) =>
      run(['restore', backup, '--shares', shares.join(','), '--without', unsealed.join(','), '--json'])
    expect((await startAppliance({ home, freePorts: true }).catch((error: Error) => error)).toString()).toMatch(
      /the token .* is gone/,
    )
    expect(await restore(share('ada'))).toMatchObject({ code: 1, out: expect.stringMatching(/1 of 2 shares/) })
    expect(await restore(share('ada'), share('ada'))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/given their share already/),
    })
    const { code, out } = await restore(share('grace'), share('edsger'))
    expect(code, out).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ imported: expect.arrayContaining(['hk-dek-binding-2']) })

    appliance = await startAppliance({ home, freePorts: true })
    sql = connect(viewHome(home), 'app')
    expect(existsSync(viewHome(home).path('rejoin-keys.jsonl'))).toBe(false)
    player = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
    await signInAnew(player, appliance.urls, who)
    expect((await player.ask('GET', '/api/me')).status).toBe(200)
    expect(await told('keys.restored')).toBeGreaterThan(0)

    // A node that has all of it gets nothing anew, and nobody gets anything without a quorum.
    const join = (...shares: string[]) =>
      run(['join', backup, '--shares', shares.join(','), '--without', unsealed.join(','), '--json'])
    expect(JSON.parse((await join(share('ada'), share('grace'))).out)).toMatchObject({ imported: [], updated: [] })
    expect((await join(share('ada'))).code).toBe(1)
  }, 120_000)
})
