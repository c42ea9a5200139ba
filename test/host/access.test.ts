import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as cashier from '#cashier'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { sealOnce } from '../../core/host/sealer.ts'
import { undocumented } from '../support/access-exceptions.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'
import { answeredBy, faceNames, type Route, routesOf } from '../support/routes.ts'
import { employ, enrolAt, staffPassword } from '../support/staff.ts'

/**
 * Every route against everybody: what each face says of who may use it, held against who is let in. A route is asked without the
 * input it takes, so that being let in shows as anything but 401 and 403.
 */
let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces.stop())

describe.each(faceNames)('the %s face', (face) => {
  test('answers nothing that is neither in its document nor among the exceptions [S07]', () => {
    const documented = routesOf(face).map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{(.+?)\}/g, ':$1')}`,
    )
    const answered = answeredBy(face)
    expect(answered.filter((each) => !documented.includes(each) && !undocumented[face][each])).toEqual([])
    expect(
      Object.keys(undocumented[face]).filter((each) => !answered.includes(each)),
      'exceptions of nothing',
    ).toEqual([])
  })

  test('says of each route who may use it [S21]', () => {
    const silent = routesOf(face).filter(({ access }) => access === undefined)
    expect(silent.map(nameOf)).toEqual([])
  })
})

test('[S21] strangers, with nothing or with a made-up token, get 401 wherever somebody must be known', async () => {
  for (const face of faceNames)
    for (const route of routesOf(face)) {
      const { access } = route
      if (!access || 'anybody' in access) continue
      for (const headers of strangers) {
        const { status, body } = await ask(faces.caller(face), route, headers)
        expect([status, String(body.code)], `${face} ${nameOf(route)}`).toEqual([
          401,
          'player' in access
            ? 'sessions.required'
            : 'staff' in access
              ? 'staff.required'
              : expect.stringMatching(/^access\./),
        ])
      }
    }
})

test('[S21] what asks nobody is open to strangers, and says why it can be', async () => {
  for (const face of faceNames)
    for (const route of routesOf(face)) {
      if (!route.access || !('anybody' in route.access)) continue
      expect(route.access.anybody.length, nameOf(route)).toBeGreaterThan(10)
      const { body } = await ask(faces.caller(face), route)
      expect(['sessions.required', 'staff.required', 'staff.not_permitted'], nameOf(route)).not.toContain(body.code)
    }
})

test('[S21] each role of staff is let in where its permissions say so, and nowhere else [GLI-B.7.1d-i]', {
  timeout: 120_000,
}, async () => {
  const roles = await staff.roles(faces.world.sql)
  expect(roles.length).toBeGreaterThan(8)
  for (const { role, permissions } of roles) {
    const member = await hire(role)
    for (const route of routesOf('operator')) {
      if (!route.access || !('staff' in route.access)) continue
      const allowed = route.access.staff.every((each) => permissions.includes(each))
      const { status, body } = await ask(member, route)
      const answer = `${role} ${nameOf(route)}: ${status} ${body.code}`
      if (allowed) expect(status === 401 || body.code === 'staff.not_permitted', answer).toBe(false)
      else expect([status, body.code], answer).toEqual([403, 'staff.not_permitted'])
    }
  }
})

test('[S06] a sign-in of staff without a passkey opens no route but those to make one and to leave [GLI-B.7.1a]', async () => {
  const { world } = faces
  const { id, login } = await world.act((tx) => employ(tx, world.command(), { role: 'administrator' }))
  await world.admin`delete from factors.factors where holder = ${id}` // as it was before passkeys
  const caller = faces.caller('operator')
  const begun = await caller.ask('POST', '/api/sessions', { login, password: staffPassword })
  expect(begun).toMatchObject({ status: 201, body: { proven: false } })
  const open = routesOf('operator').filter(({ access }) => access && 'staff' in access)
  const answers = await Promise.all(open.map(async (route) => ({ route, answer: await ask(caller, route) })))
  const entered = answers.filter(({ answer }) => answer.status !== 403 || answer.body.code !== 'staff.passkey_needed')
  expect(entered.map(({ route }) => nameOf(route)).sort()).toEqual([
    'DELETE /api/sessions/current',
    'GET /api/me',
    'POST /api/passkeys',
    'POST /api/passkeys/options',
  ])
})

test('[S21] nobody’s sign-in is worth anything on another face', async () => {
  const admin = await hire('administrator')
  const { caller: player } = await arrive()
  const [staffCookie, playerCookie] = [admin.cookie('__Host-staff'), player.cookie('__Host-session')]
  expect(staffCookie && playerCookie).toBeTruthy()
  for (const [face, cookie] of [
    ['player', staffCookie],
    ['operator', playerCookie],
    ['partner', staffCookie],
  ] as const)
    for (const name of ['__Host-session', '__Host-staff'])
      for (const route of routesOf(face)) {
        if (!route.access || 'anybody' in route.access) continue
        const { status } = await ask(faces.caller(face), route, { cookie: `${name}=${cookie}` })
        expect(status, `${face} ${nameOf(route)}`).toBe(401)
      }
})

test('who may play without money the licence says, and nobody touches a balance by it [GLI-4.9.1] [LCCP-3.2.11]', async () => {
  const { caller } = await arrive(1000n)
  const stranger = faces.caller('player')
  const play = async (who: Caller) => {
    const answer = await who.ask('POST', '/api/games/roulette-european/free-rounds', {
      bets: [{ on: 'red', amount: '1.00' }],
    })
    return answer.status
  }
  const both = async () => [await play(stranger), await play(caller)]
  const say = (freePlay: string) => faces.world.admin`
    update licences.licences set rules = rules || ${faces.world.admin.json({ freePlay })} where in_force`
  expect(await both()).toEqual([200, 200])
  await say('signed_in')
  expect(await both()).toEqual([403, 200])
  await say('verified')
  expect(await both(), 'nobody is verified yet').toEqual([403, 403])
  await say('anybody')
  await faces.world.admin`insert into games.closures (game, since, reason) values ('*', now(), 'looked at')`
  expect(await play(caller)).toBe(422)
  await faces.world.admin`delete from games.closures`
  const begun = await Promise.all(
    Array.from({ length: 20 }, () =>
      stranger.ask('POST', '/api/games/mines/free-rounds', { stake: '1.00', mines: 1, tile: 3 }),
    ),
  )
  const { place } = begun.find(({ body }) => body.status === 'open')!.body
  const over = await stranger.ask('POST', '/api/free-rounds/moves', { place, move: { move: 'cash-out' } })
  expect(over).toMatchObject({ status: 200, body: { status: 'settled' } })
  expect((await caller.ask('GET', '/api/me')).body).toMatchObject({ balance: { cash: { amount: '10.00' } } })
})

test('[S21] a player finds what is theirs, and of what is somebody else’s not even that it is there', async () => {
  const owner = await arrive(1000n)
  const other = await arrive(1000n)
  for (const { player } of [owner, other]) await faces.world.showAll(player)
  const own = await thingsOf(owner)
  const routes = routesOf('player')
    .filter(({ path }) => /\{(?!game\}|period\})/.test(path))
    .sort((one, next) => Number(signsOut(one)) - Number(signsOut(next)))
  expect(routes.length).toBeGreaterThan(4)
  for (const route of routes) {
    const thing = Object.keys(own).find((each) => route.path.startsWith(each))
    expect(thing, `${nameOf(route)}: make one in thingsOf`).toBeDefined()
    const input = inputOf(route)
    const asked = (caller: Caller, id: string) =>
      caller.ask(route.method.toUpperCase(), route.path.replace(/\{.+?\}/, id), input)
    const foreign = await asked(other.caller, own[thing!]!.id)
    const absent = await asked(other.caller, own[thing!]!.absent)
    expect([foreign.status, foreign.body.code], nameOf(route)).toEqual([404, absent.body.code])
    expect(absent.status, nameOf(route)).toBe(404)
    const mine = await asked(owner.caller, own[thing!]!.id)
    expect([401, 403, 404], `${nameOf(route)}: ${mine.raw.slice(0, 200)}`).not.toContain(mine.status)
  }
})

/** Whoever ends the device they sit at asks nothing more. */
const signsOut = ({ method, path }: Route) => method === 'delete' && path.startsWith('/api/devices/')
const nameOf = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`
const madeUp = randomBytes(32).toString('base64url')
const strangers: Array<Record<string, string>> = [
  {},
  { cookie: `__Host-session=${madeUp}; __Host-staff=${madeUp}` },
  { cookie: '__Host-session=%00; __Host-staff=' },
  { authorization: `Bearer ${madeUp}` },
]

/** Asked without a key and without a body: nothing is done by it, whoever asks. */
function ask(caller: Caller, route: Route, headers: Record<string, string> = {}) {
  const path = route.path.replaceAll(/\{.+?\}/g, 'x')
  return caller.ask(route.method.toUpperCase(), path, undefined, { 'idempotency-key': '', ...headers })
}

function inputOf({ method, path }: Route): object | undefined {
  if (method === 'get' || method === 'delete') return undefined
  if (path.endsWith('/moves')) return { step: 1, move: {} }
  if (path.startsWith('/api/factors/'))
    return method === 'patch' ? { label: 'Mine' } : { code: '000000', label: 'Mine' }
  return {}
}

/** Something of each kind that a player can name in a path, and a name of that kind that nothing has. */
async function thingsOf({ player, wallet, caller }: Awaited<ReturnType<typeof arrive>>) {
  const { world } = faces
  const amount = { amount: 2000n, currency: 'EUR' as const }
  const { id: deposit } = await world.act((tx) =>
    cashier.deposit(tx, world.command(), { player, wallet, amount, gateway: 'sandbox' }),
  )
  const card = { token: 'tok_1', brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada' }
  const event = {
    id: `evt_${deposit}`,
    type: 'payment.succeeded' as const,
    reference: deposit,
    object: 'pay_1',
    amount,
  }
  await world.act((tx) =>
    cashier.apply(tx, world.command(), 'sandbox', { ...event, authorisation: 'A1', instrument: card }),
  )
  const [instrument] = await cashier.instruments(world.sql, world.agent.keys, player)
  const { id: withdrawal } = await world.act((tx) =>
    cashier.withdraw(tx, world.command(), { player, wallet, amount, instrument: instrument!.id }),
  )
  const bet = await caller.ask('POST', '/api/games/roulette-european/rounds', {
    bets: [{ on: 'red', amount: '1.00' }],
  })
  expect(bet.status, bet.raw).toBe(200)
  while (await sealOnce({ ...faces.host, sql: world.work, keys: world.agent.as('work') })); // so that the round can be proven
  const listed = await caller.ask('GET', '/api/devices')
  const [device] = listed.body.devices as Array<{ device: string }>
  const offered = async (path: string, body?: object) => String((await caller.ask('POST', path, body)).body.factor)
  const [app, phone] = [
    await offered('/api/factors/apps'),
    await offered('/api/factors/phones', { phone: '+35621234567' }),
  ]
  const { body: options } = await caller.ask('POST', '/api/factors/passkeys/options')
  const response = new SoftAuthenticator('https://localhost').create(options as never)
  const passkey = await offered('/api/factors/passkeys', { response, label: 'Key' })
  const absent = (id: string) => ({ id, absent: `${id.slice(0, -4)}zzzz` })
  return {
    '/api/factors/apps/': absent(app),
    '/api/factors/phones/': absent(phone),
    '/api/factors/': absent(passkey),
    '/api/devices/': { id: device!.device, absent: `${device!.device.slice(0, -4)}zzzz` },
    '/api/deposits/': { id: deposit, absent: `${deposit.slice(0, -4)}zzzz` },
    '/api/withdrawals/': { id: withdrawal, absent: `${withdrawal.slice(0, -4)}zzzz` },
    '/api/rounds/': { id: String(bet.body.round), absent: 'rnd_999999999' },
  } as Record<string, { id: string; absent: string }>
}

async function hire(role: string): Promise<Caller> {
  const { world } = faces
  const { secret } = await world.act((tx) => staff.enrolmentLink(tx, world.command(), { role }))
  const caller = faces.caller('operator')
  await enrolAt(caller, { secret })
  return caller
}

async function arrive(cash = 0n) {
  const made = await faces.world.player(cash)
  const password = 'walrus tambourine quartz'
  const passwordHash = await sessions.hashPassword(faces.world.agent.keys, password)
  await faces.world.act((tx) => sessions.setPassword(tx, faces.world.command(), { player: made.player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email: made.email, password })).status).toBe(201)
  return { ...made, caller }
}
