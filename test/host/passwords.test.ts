import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonical } from '#base'
import * as factors from '#factors'
import * as players from '#players'
import * as sessions from '#sessions'
import { hotp } from '../../core/factors/totp.ts'
import { passwordWork } from '../../core/host/password-work.ts'
import { SoftAuthenticator } from '../support/authenticator.ts'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'
import { sendResets } from '../support/resets.ts'
import { routesOf } from '../support/routes.ts'
import { mailed, mailedCode } from '../support/sign-in.ts'

/** A forgotten and a changed password, a new address: by the API as a page uses it. */
let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces.stop())

/** What each route wrote into the log, by the request. */
const asked: Array<{ route: string; requestId: string }> = []
function newcomer(): Caller {
  const caller = faces.caller('player')
  return {
    ...caller,
    async ask(method, path, body, headers) {
      const answer = await caller.ask(method, path, body, headers)
      asked.push({ route: `${method.toLowerCase()} ${path}`, requestId: answer.requestId })
      return answer
    },
  }
}

const password = 'walrus tambourine quartz'
const other = 'nine purple elephants sing'
/** What the player told of themselves, as they write it. */
const own = { dateOfBirth: '1985-12-10', postalCode: 'vlt1234' }

async function arrive() {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  return { player, email, caller: await signedIn(player, email, password) }
}

/** From a browser that is known to nobody yet, which shows a code of a mail where that is asked for. */
async function signedIn(player: string, email: string, text: string): Promise<Caller> {
  const caller = newcomer()
  const enter = (proof?: object) =>
    caller.ask('POST', '/api/sessions', { email, password: text, ...(proof ? { proof } : {}) })
  const first = await enter()
  if (first.status === 201) return caller
  expect(first.body.code).toBe('sessions.second_factor_required')
  await later()
  await caller.ask('POST', '/api/sessions/code', { email })
  const proof = { factor: 'email', code: await mailedCode(faces.world, player) }
  expect((await enter(proof)).status).toBe(201)
  return caller
}

/** A code may be asked for anew. */
async function later(): Promise<void> {
  await faces.world.admin`update sessions.codes set asked_at = asked_at - interval '5 minutes'`
  await faces.world.admin`update sessions.resets set asked_at = asked_at - interval '5 minutes'`
}

async function forgotten(email: string, player: string) {
  const caller = newcomer()
  expect((await caller.ask('POST', '/api/password-resets', { email })).status).toBe(202)
  await sendResets(faces.world)
  const code = /code is ([0-9A-Z]{8})/.exec(await mailed(faces.world, player, 'reset_password'))![1]!
  const taken = await caller.ask('POST', '/api/password-resets/code', { email, code })
  expect(taken.status).toBe(200)
  const given = taken.body as { secret: string; factors: string[]; evidence: string[]; passkey: unknown }
  const use = (proof?: object, text = other, evidence: object | undefined = proof ? undefined : own) =>
    caller.ask('POST', '/api/password-resets/password', {
      secret: given.secret,
      password: text,
      ...(proof ? { proof } : {}),
      ...(evidence ? { evidence } : {}),
    })
  return { ...given, use: Object.assign(use, { by: caller }) }
}

test('a forgotten password: the code of the mail alone sets none, and with what only the player knows it does; every session is over [GLI-2.5.3b]', async () => {
  const { player, email, caller } = await arrive()
  const { factors: asked, evidence, use } = await forgotten(email, player)
  expect([asked, evidence]).toEqual([[], ['dateOfBirth', 'postalCode']])
  const bare = await use(undefined, other, {})
  expect([bare.status, bare.body.code]).toEqual([422, 'sessions.reset_evidence_wrong'])
  expect((await use(undefined, other, { ...own, dateOfBirth: '1985-12-11' })).body.code).toBe(
    'sessions.reset_evidence_wrong',
  )
  expect((await caller.ask('GET', '/api/me')).status, 'nothing is over yet').toBe(200)
  expect((await use(undefined, 'short')).body.code).toBe('players.password_too_short')
  expect((await use()).status).toBe(200)
  expect((await caller.ask('GET', '/api/me')).status).toBe(401)
  await signedIn(player, email, other)
})

test('an account with an authenticator app is not entered by mail alone: its code is demanded [S09]', async () => {
  const { world } = faces
  const { player, email } = await arrive()
  const offered = await world.act((tx) =>
    factors.offerTotp(tx, world.command(), { holder: player, account: email, issuer: 'Casino' }),
  )
  const secret = fromBase32(offered.secret)
  const step = Math.floor(Date.now() / 30_000)
  const before = world.command(new Date((step - 1) * 30_000))
  const first = { holder: player, factor: offered.factor, code: hotp(secret, step - 1), label: 'App' }
  await world.act((tx) => factors.confirmTotp(tx, before, first))
  const { factors: asked, use } = await forgotten(email, player)
  expect(asked).toEqual(['totp'])
  const refused = await use()
  expect([refused.status, refused.body.code]).toEqual([422, 'sessions.reset_factor_required'])
  expect((await use({ factor: 'totp', code: '000000' })).body.code).toBe('factors.code_wrong')
  expect((await use({ factor: 'totp', code: hotp(secret, Math.floor(Date.now() / 30_000)) })).status).toBe(200)
})

test('an account with a passkey is not either, and beside it eight characters do, which lean on it then [S09] [S01]', async () => {
  const { world } = faces
  const { player, email } = await arrive()
  const rp = { id: 'localhost', origin: 'https://localhost', name: 'Countroom', holders: 'plr' as const }
  const device = new SoftAuthenticator(rp.origin)
  const options = await world.act((tx) =>
    factors.passkeyRegistration(tx, world.command(), { holder: player, name: email, displayName: 'Ada', rp }),
  )
  const response = device.create(options)
  await world.act((tx) => factors.addPasskey(tx, world.command(), { holder: player, response, label: 'Key', rp }))
  const { factors: asked, passkey, use } = await forgotten(email, player)
  expect(asked).toEqual(['passkey'])
  const stranger = new SoftAuthenticator(rp.origin)
  stranger.userHandle = device.userHandle
  expect((await use({ factor: 'passkey', response: stranger.get(passkey as never) })).status).toBeGreaterThan(399)
  const again = await forgottenLater(email, player)
  const shown = { factor: 'passkey', response: device.get(again.passkey as never) }
  expect((await again.use(shown, 'k7#wq2vT')).status).toBe(200)
  expect(await sessions.standsAlone(world.sql, player)).toBe(false)
})

test('who asks for many passwords at once has a share of the queue, and keeps nobody else from signing in', async () => {
  const context = (address: string) => ({ get: () => address }) as never
  const { promise: done, resolve: end } = Promise.withResolvers<string>()
  let begun = 0
  const ask = (address: string) =>
    passwordWork(context(address), () => {
      begun++
      return done
    }).catch(({ code }: { code: string }) => code)
  const flood = Array.from({ length: 100 }, (_, i) => ask(`198.51.100.${i}`))
  expect(begun, 'the rest waits behind it').toBe(8)
  const beside = ask('203.0.113.9')
  expect(begun).toBe(9)
  end('worked on')
  const answers = await Promise.all([...flood, beside])
  expect(answers.filter((answer) => answer === 'worked on')).toHaveLength(8 + 64 + 1)
  expect(answers.filter((answer) => answer === 'host.passwords_at_once')).toHaveLength(28)
})

test('sign-ins are asked for within that share', async () => {
  const subject = await faces.world.agent.keys.mac('hk-pepper', Buffer.from('sign-in|network|198.51.100.0/24'))
  await faces.world.admin`
    insert into sessions.failures (subject, at) select ${subject}, now() from generate_series(1, 30)` // so that none costs much
  const signIn = () =>
    newcomer().ask(
      'POST',
      '/api/sessions',
      { email: 'no@example.com', password: 'x' },
      { 'x-forwarded-for': '198.51.100.7' },
    )
  const codes = (await Promise.all(Array.from({ length: 150 }, signIn))).map(({ body }) => body.code)
  expect(new Set(codes)).toEqual(new Set(['sessions.throttled', 'host.passwords_at_once']))
})

test('known and unknown addresses are answered alike', async () => {
  const { email } = await arrive()
  const caller = newcomer()
  for (const path of ['/api/password-resets', '/api/password-resets/code']) {
    const body = (address: string) => ({ email: address, ...(path.endsWith('code') ? { code: '22222222' } : {}) })
    const [known, unknown] = [
      await caller.ask('POST', path, body(email)),
      await caller.ask('POST', path, body('no@example.com')),
    ]
    const told = ({ status, body: { requestId: _, ...rest } }: typeof known) => ({ status, ...rest })
    expect(told(known)).toEqual(told(unknown))
  }
})

test('a password is changed with the present one, freshly shown; others are signed out, this one goes on', async () => {
  const { player, email, caller } = await arrive()
  const elsewhere = await signedIn(player, email, password)
  const change = (present: string, text: string) => caller.ask('POST', '/api/password', { present, password: text })
  expect((await change(password, other)).body.code).toBe('sessions.step_up_required')
  await stepUp(caller, player)
  expect((await change('not the present one', other)).status).toBe(422)
  expect((await change(password, email)).body.code).toMatch(/^players\.password_/)
  expect((await change(password, other)).status).toBe(200)
  expect((await caller.ask('GET', '/api/me')).status).toBe(200)
  expect((await elsewhere.ask('GET', '/api/me')).status).toBe(401)
  expect(await mailed(faces.world, player, 'password_changed')).toContain('was changed just now')
})

test('another address: asked for with a fresh proof, confirmed by its code, and signed in with from then on; who reads the old one sets no password', async () => {
  const { player, email, caller } = await arrive()
  const { use } = await forgotten(email, player)
  const wanted = `new.${Date.now()}@example.com`
  expect((await caller.ask('POST', '/api/email', { email: wanted })).body.code).toBe('sessions.step_up_required')
  await stepUp(caller, player)
  expect((await caller.ask('POST', '/api/email', { email: wanted })).status).toBe(202)
  const code = /code is (\d{6})/.exec(await mailed(faces.world, player, 'email_change'))![1]!
  expect((await caller.ask('POST', '/api/email/confirmation', { code })).status).toBe(200)
  expect((await use()).body.code).toBe('sessions.reset_refused')
  await signedIn(player, wanted, password)
})

test('a registration that nobody confirmed keeps its address from nobody who shows the address is theirs', async () => {
  const { world } = faces
  const { player, caller } = await arrive()
  const planted = await world.registration({ password: other })
  const stranger = newcomer()
  await stranger.ask('POST', '/api/registrations', planted)
  await stepUp(caller, player)
  expect((await caller.ask('POST', '/api/email', { email: planted.email })).status).toBe(202)
  const code = /code is (\d{6})/.exec(await mailed(world, player, 'email_change'))![1]!
  expect((await caller.ask('POST', '/api/email/confirmation', { code })).status).toBe(200)
  expect((await players.findByEmail(world.sql, world.agent.keys, planted.email))?.player).toBe(player)
  expect((await stranger.ask('POST', '/api/sessions', planted)).status).toBeGreaterThan(399)
})

test('an address that a stranger registered first is its owner’s: no code confirms it with the stranger’s password, and who registers anew replaces it [GLI-2.5.2c] [S08]', async () => {
  const { world } = faces
  const [stranger, owner] = [newcomer(), newcomer()]
  const planted = await world.registration({ password: other, name: 'Eve Stranger', country: 'DE', currency: 'USD' })
  const { email } = planted
  const begun = await stranger.ask('POST', '/api/registrations', planted)
  const first = await codeOf(email)
  const refused = await confirm(owner, { email, code: first, password })
  expect([refused.status, refused.body.code]).toEqual([422, 'players.confirmation_wrong'])
  const unknown = await confirm(owner, { email: `un.${email}`, code: first, password })
  expect({ ...refused.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' })

  const own = { ...(await world.registration({ email: email.toUpperCase(), password })), language: 'de' as const }
  const again = await owner.ask('POST', '/api/registrations', own)
  expect([again.status, again.body]).toEqual([begun.status, begun.body])
  const second = await codeOf(email)
  expect((await confirm(owner, { email, code: second, password: other })).status, 'the old password').toBe(422)
  if (first !== second)
    expect((await confirm(owner, { email, code: first, password })).status, 'the old code').toBe(422)
  expect((await confirm(owner, { email, code: second, password })).status).toBe(200)

  expect((await stranger.ask('POST', '/api/sessions', { email, password: other })).status).toBe(401)
  expect((await owner.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  expect((await owner.ask('GET', '/api/me')).body.balance).toMatchObject({ cash: { currency: 'EUR' } })
  expect((await owner.ask('GET', '/api/language')).body.language).toBe('de')
  const { player, country, currency } = (await players.findByEmail(world.sql, world.agent.keys, email))!
  expect([country, currency]).toEqual(['MT', 'EUR'])
  expect(await players.profile(world.sql, world.agent.keys, player)).toMatchObject({ email, name: own.name })
  expect(await world.admin`select currency from ledger.wallets where player = ${player}`).toEqual([{ currency: 'EUR' }])
  const written = await world.sql`select code from audit.events where subject = ${player} order by id`
  expect(written.map(({ code }) => code)).toContain('players.registration_replaced')

  expect((await stranger.ask('POST', '/api/registrations', planted)).status, 'too late').toBe(202)
  expect((await newcomer().ask('POST', '/api/sessions', { email, password: other })).status).toBe(401)
})

test('a wrong password counts as a wrong code does: five, and the right ones are too late', async () => {
  const input = await faces.world.registration()
  const caller = newcomer()
  await caller.ask('POST', '/api/registrations', input)
  const given = { email: input.email, code: await codeOf(input.email) }
  for (let times = 1; times <= 5; times++)
    expect((await confirm(caller, { ...given, password: other })).body.code).toBe('players.confirmation_wrong')
  expect((await confirm(caller, { ...given, password: input.password })).status).toBe(422)
})

test('a password that was right a moment ago confirms nothing once another registration has taken its place', async () => {
  const { world } = faces
  const { keys } = world.agent
  const input = await world.registration({ password: other })
  const { email } = input
  await newcomer().ask('POST', '/api/registrations', input)
  const shown = await sessions.comparePassword(world.sql, keys, { email, password: other })
  expect(await world.act((tx) => sessions.shownBy(tx, shown))).toBe(shown.owner)
  await newcomer().ask('POST', '/api/registrations', { ...input, password })
  expect(await world.act((tx) => sessions.shownBy(tx, shown))).toBeUndefined()
})

test('one network opens accounts up to a number in an hour, and tries one address a few times; others are not kept waiting [S14]', async () => {
  const { world } = faces
  const register = async (network: string, changes: Partial<players.Registration> = {}) =>
    newcomer().ask('POST', '/api/registrations', await world.registration(changes), {
      'x-forwarded-for': `${network}.7`,
    })
  expect((await register('203.0.113')).status).toBe(202)
  await world.admin`
    insert into players.registration_counts (subject, at)
    select subject, at from players.registration_counts cross join generate_series(1, 200) where at = (
      select max(at) from players.registration_counts)`
  const refused = await register('203.0.113')
  expect([refused.status, refused.body.code]).toEqual([429, 'players.registrations_too_many'])
  expect(refused.body.detail).toMatch(/from your network/)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await register('198.51.101')).status).toBe(202)
  const { email } = await arrive()
  const answers = async (address: string) => {
    const statuses: number[] = []
    for (let times = 1; times <= 6; times++) statuses.push((await register('198.51.102', { email: address })).status)
    return statuses
  }
  const limited = [202, 202, 202, 202, 202, 429]
  expect(await answers(email)).toEqual(limited)
  expect(await answers(`un.${email}`)).toEqual(limited)
})

/** The code of the newest mail that asks to confirm an address. */
async function codeOf(email: string): Promise<string> {
  const { world } = faces
  const { player } = (await players.findByEmail(world.sql, world.agent.keys, email))!
  return /code is (\d{6})/.exec(await mailed(world, player, 'confirm_email'))![1]!
}

function confirm(caller: Caller, given: { email: string; code: string; password: string }) {
  return caller.ask('POST', '/api/registrations/confirmation', given)
}

test('what is kept of a request is no digest by which an address could be found out by trying', async () => {
  const { world } = faces
  const caller = newcomer()
  const { player, caller: owner } = await arrive()
  const input = await world.registration()
  const { email } = input
  const code = '123456'
  await caller.ask('POST', '/api/registrations', input)
  for (const [path, body] of [
    ['/api/registrations/code', { email }],
    ['/api/registrations/confirmation', { email, code, password }],
    ['/api/sessions/code', { email }],
    ['/api/password-resets', { email }],
  ] as const)
    await caller.ask('POST', path, body)
  await stepUp(owner, player)
  expect((await owner.ask('POST', '/api/email', { email: `other.${email}` })).status).toBe(202)
  const { password: _, ...registered } = input
  const guesses = [{ email }, { email, code }, { email, code, password }, { email: `other.${email}` }, registered].map(
    (payload) => createHash('sha256').update(canonical(payload)).digest(),
  )
  const kept = await world.admin<Array<{ hash: Buffer }>>`select payload_hash as hash from base.idempotency`
  expect(kept.length).toBeGreaterThan(5)
  expect(kept.filter(({ hash }) => guesses.some((guess) => guess.equals(hash)))).toEqual([])
})

test('a player chooses the language they are written to in; at first it is what their browser prefers', async () => {
  const { world } = faces
  const input = await world.registration()
  const { language: _, ...unsaid } = input
  const caller = faces.caller('player')
  const answer = await caller.ask('POST', '/api/registrations', unsaid, { 'accept-language': 'fr-CH, de;q=0.5' })
  expect(answer.status).toBe(202)
  const [row] = await world.admin`select language from players.players order by registered_at desc limit 1`
  expect(row).toEqual({ language: 'fr' })
  const ada = await arrive()
  expect((await ada.caller.ask('PUT', '/api/language', { language: 'de' })).status).toBe(200)
  expect((await ada.caller.ask('GET', '/api/language')).body.language).toBe('de')
})

test('no route of staff takes a password of a player, and what one answers to a reset holds none [S10]', () => {
  const routes = routesOf('operator').filter(({ path }) => path.startsWith('/api/players'))
  expect(routes.some(({ path }) => path.endsWith('/password-reset'))).toBe(true)
  expect(JSON.stringify(routes)).not.toMatch(/"password"/)
})

test('what each of these routes writes into the log is what it declares [S48] [S49]', async () => {
  const { player, email, caller } = await arrive()
  for (let times = 1; times <= 3; times++) {
    await later()
    await stepUp(caller, player)
    await caller.ask('POST', '/api/email', { email: `x${times}@example.com` })
    await caller.ask('POST', '/api/email/confirmation', { code: '000000' })
    await caller.ask('POST', '/api/password', { present: 'wrong', password: other })
  }
  const { world } = faces
  const phone = { holder: player, phone: '+35699000000' }
  const { factor } = await world.act((tx) => factors.offerPhone(tx, world.command(), phone))
  const confirmed = { holder: player, factor, code: await textedCode(player), label: 'Phone' }
  await world.act((tx) => factors.confirmPhone(tx, world.command(), confirmed))
  const [recovery] = await world.act((tx) => factors.makeRecoveryCodes(tx, world.command(), { holder: player }))
  const { secret, use } = await forgotten(email, player)
  await world.admin`update factors.sms_counts set at = at - interval '5 minutes'`
  expect((await use.by.ask('POST', '/api/password-resets/sms', { secret })).status).toBe(202)
  expect((await use({ factor: 'sms', code: '000000' })).status).toBeGreaterThan(399)
  expect((await use({ factor: 'recovery', code: recovery })).status).toBe(200)
  const routes = routesOf('player').filter(
    ({ method, path }) => ['post', 'put'].includes(method) && /^\/api\/(password|email|language)/.test(path),
  )
  expect(routes.length).toBe(8)
  for (const { method, path, events } of routes) {
    const ids = asked.filter(({ route }) => route === `${method} ${path}`).map(({ requestId }) => requestId)
    const rows = await world.sql<Array<{ code: string }>>`
      select distinct code from audit.events where entry::json ->> 'requestId' = any (${ids}) order by code`
    expect(
      rows.map(({ code }) => code),
      path,
    ).toEqual([...(events ?? [])].sort())
  }
})

async function textedCode(player: string): Promise<string> {
  return /code is (\d+)/.exec(await mailed(faces.world, player, 'sms_code'))![1]!
}

async function forgottenLater(email: string, player: string) {
  await later()
  return forgotten(email, player)
}

/** Shows what the licence asks of who has no second factor. */
async function stepUp(caller: Caller, player: string): Promise<void> {
  const show = (body: object) => caller.ask('POST', '/api/sessions/step-up', body)
  expect((await show({ factor: 'password', password })).status).toBe(200)
  await later()
  expect((await caller.ask('POST', '/api/sessions/step-up/code', {})).status).toBeLessThan(300)
  expect((await show({ factor: 'email', code: await mailedCode(faces.world, player) })).status).toBe(200)
}

function fromBase32(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
}
