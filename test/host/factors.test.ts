import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as licences from '#licences'
import * as messages from '#messages'
import * as players from '#players'
import * as sessions from '#sessions'
import { saveInstrument } from '../../core/cashier/instrument.ts'
import { freshCode, SoftAuthenticator } from '../support/authenticator.ts'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'
import { mailed } from '../support/sign-in.ts'
import { lastSms } from '../support/sms.ts'

let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces.stop())

const origin = 'https://localhost'
const password = 'walrus tambourine quartz'

test('nothing about factors changes for who has not shown themselves just now [S20] [GLI-2.5.2e-1]', async () => {
  const { player, caller } = await arrive()
  await faces.world.showAll(player)
  const factor = await addPasskey(caller)
  await showedLongAgo(player)
  const before = await snapshot(player)
  const changes: Array<[method: string, path: string, body?: unknown]> = [
    ['POST', '/api/factors/passkeys/options'],
    ['POST', '/api/factors/passkeys', { response: {}, label: 'Key' }],
    ['POST', '/api/factors/apps'],
    ['POST', `/api/factors/apps/${factor}/confirmation`, { code: '123456', label: 'App' }],
    ['PATCH', `/api/factors/${factor}`, { label: 'Mine' }],
    ['DELETE', `/api/factors/${factor}`],
    ['POST', '/api/factors/recovery-codes'],
    ['DELETE', '/api/password'],
  ]
  for (const [method, path, body] of changes)
    expect((await caller.ask(method, path, body)).body, `${method} ${path}`).toMatchObject({
      status: 403,
      code: 'sessions.step_up_required',
    })
  expect(await snapshot(player)).toEqual(before)
})

test('a player adds a passkey, an app and recovery codes, and sees what there is', async () => {
  const { player, caller } = await arrive()
  await faces.world.showAll(player)
  expect((await caller.ask('GET', '/api/factors')).body).toEqual({
    factors: [],
    recoveryCodesLeft: 0,
    password: true,
    mayDropPassword: false,
  })
  await addPasskey(caller)
  const { body: app } = await caller.ask('POST', '/api/factors/apps')
  expect(app).toMatchObject({
    picture: { size: expect.any(Number), path: expect.stringMatching(/^(M\d+ \d+h\d+v1h-\d+z)+$/) },
  })
  const code = await freshCode(String(app.secret))
  const proof = { code, label: 'Phone' }
  expect((await caller.ask('POST', `/api/factors/apps/${app.factor}/confirmation`, proof)).status).toBe(201)
  const { body: made } = await caller.ask('POST', '/api/factors/recovery-codes')
  expect(made.codes).toHaveLength(10)
  const { body } = await caller.ask('GET', '/api/factors')
  expect(body).toMatchObject({
    factors: [
      { kind: 'passkey', label: 'Key ring' },
      { kind: 'totp', label: 'Phone' },
    ],
    recoveryCodesLeft: 10,
    mayDropPassword: true,
  })
})

test('an answer that was stored under its key holds no secret, and is the same again', async () => {
  const { player, caller } = await arrive()
  await faces.world.showAll(player)
  const { body: app } = await caller.ask('POST', '/api/factors/apps')
  const path = `/api/factors/apps/${app.factor}/confirmation`
  const proof = { code: await freshCode(String(app.secret)), label: 'Phone' }
  const key = { 'idempotency-key': 'one-act' }
  const first = await caller.ask('POST', path, proof, key)
  const again = await caller.ask('POST', path, proof, key)
  expect([first.status, again.raw]).toEqual([201, first.raw])
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  const { body } = await caller.ask('POST', '/api/factors/recovery-codes')
  const stored = JSON.stringify(await faces.world.admin`select * from base.idempotency`)
  for (const secret of [String(app.secret), ...(body.codes as string[])]) expect(stored).not.toContain(secret)
})

test('who removes their password needs another way in, and the password is of no use from then on', async () => {
  const { player, caller, email } = await arrive()
  await faces.world.showAll(player)
  await addPasskey(caller)
  expect((await caller.ask('DELETE', '/api/password')).body.code).toBe('sessions.password_needed')
  await addPasskey(caller)
  expect((await caller.ask('DELETE', '/api/password')).status).toBe(200)
  expect((await caller.ask('GET', '/api/factors')).body).toMatchObject({ password: false, mayDropPassword: false })
  const answer = await faces.caller('player').ask('POST', '/api/sessions', { email, password })
  expect(answer.body.code).toBe('sessions.sign_in_refused')
})

test('who removes a passkey and the password at the same time does not lock themselves out', async () => {
  for (let round = 0; round < 5; round++) {
    const { player, caller } = await arrive()
    await faces.world.showAll(player)
    const factor = await addPasskey(caller)
    await caller.ask('POST', '/api/factors/recovery-codes')
    const answers = await Promise.all([
      caller.ask('DELETE', `/api/factors/${factor}`),
      caller.ask('DELETE', '/api/password'),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  }
})

test('the factors of somebody else are nobody’s to change, or to know of', async () => {
  const [ada, eve] = [await arrive(), await arrive()]
  await faces.world.showAll(ada.player)
  await faces.world.showAll(eve.player)
  const factor = await addPasskey(ada.caller)
  const answers = [
    await eve.caller.ask('PATCH', `/api/factors/${factor}`, { label: 'Mine' }),
    await eve.caller.ask('DELETE', `/api/factors/${factor}`),
    await eve.caller.ask('DELETE', '/api/factors/fct_nothing'),
  ]
  expect(answers.map(({ body }) => body.code)).toEqual(Array(3).fill('factors.unknown'))
  expect((await ada.caller.ask('GET', '/api/factors')).body.factors).toMatchObject([{ factor, label: 'Key ring' }])
})

test('a telephone can be added where somebody takes text messages, and is of no use and not offered elsewhere', async () => {
  const { world } = faces
  const [here, elsewhere] = [await arrive(), await arrive()]
  for (const { player } of [here, elsewhere]) await world.showAll(player)
  const added = await addPhone(here, '+356 2123 4567')
  const asked = () => faces.caller('player').ask('POST', '/api/sessions', { email: here.email, password })
  expect((await asked()).body).toMatchObject({ code: 'sessions.second_factor_required', factors: ['sms'] })
  expect((await here.caller.ask('GET', '/security')).raw).toContain('Add a telephone')
  messages.provideCarriers(['email'])
  try {
    expect((await elsewhere.caller.ask('POST', '/api/factors/phones', { phone: '+356 2123 4568' })).body).toMatchObject(
      {
        status: 409,
        code: 'factors.sms_unavailable',
      },
    )
    const page = await elsewhere.caller.ask('GET', '/security')
    expect(page.raw).toContain('Add a passkey')
    expect(page.raw).not.toContain('Add a telephone')
    expect((await asked()).body, 'nobody would bring the code').toMatchObject({ factors: ['email'] })
    expect((await here.caller.ask('GET', '/api/factors')).body.factors, 'it is there still').toMatchObject([
      { kind: 'sms' },
    ])
    await world.showAll(here.player)
    expect((await here.caller.ask('DELETE', `/api/factors/${added}`)).body.code, 'and the last').toBe('factors.last')
    await here.caller.ask('POST', '/api/factors/recovery-codes')
    expect((await here.caller.ask('DELETE', `/api/factors/${added}`)).status).toBe(200)
  } finally {
    messages.provideCarriers(['email', 'sms'])
  }
})

test('another telephone under the same key is another request, and the key’s record tells no number', async () => {
  const ada = await arrive()
  await faces.world.showAll(ada.player)
  const key = { 'idempotency-key': 'one-telephone' }
  const ask = (phone: string) => ada.caller.ask('POST', '/api/factors/phones', { phone }, key)
  const first = await ask('+356 2123 1001')
  expect(first.status).toBe(202)
  expect((await ask('+35621231001')).raw).toBe(first.raw)
  expect((await ask('+356 2123 1002')).status).toBe(409)
  const records = JSON.stringify(await faces.world.admin`select * from base.idempotency where key = 'one-telephone'`)
  const digest = createHash('sha256').update(JSON.stringify({ phone: '+35621231001' }))
  expect(records).not.toContain('35621231001')
  expect(records).not.toContain(digest.digest('hex'))
})

async function arrive(cash = 0n) {
  const { world } = faces
  const { player, email } = await world.player(cash)
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  return { player, email, caller }
}

test('each act that the licence names needs a fresh proof, on every route of it [S20] [GLI-2.5.2e-1] [GLI-2.5.2e-2] [GLI-2.5.2e-3]', async () => {
  const { world } = faces
  const { player, caller } = await arrive(100_00n)
  await world.showAll(player)
  const factor = await addPasskey(caller)
  await caller.ask('PUT', '/api/limits/day', { amount: '50.00' })
  const instrument = await withCard(player)
  const residence = { street: '1 Old Mint Street', city: 'Valletta', postalCode: 'VLT 1510' }
  const money = { amount: '20.00', currency: 'EUR' }
  const acts: Record<licences.SensitiveAct, Array<[method: string, path: string, body?: unknown]>> = {
    withdrawal: [['POST', '/api/withdrawals', { amount: money, instrument }]],
    payout_instrument: [['POST', '/api/withdrawals', { amount: money, instrument }]],
    email_change: [['POST', '/api/email', { email: 'new@example.com' }]],
    password_change: [
      ['POST', '/api/password', { present: password, password: 'quartz tambourine walrus' }],
      ['DELETE', '/api/password'],
    ],
    personal_data_change: [['PUT', '/api/residence', residence]],
    limit_loosening: [['PUT', '/api/limits/day', { amount: '60.00' }]],
    export: [['POST', '/api/data-export']],
    erasure: [['POST', '/api/erasure-request']],
    factor_change: [
      ['POST', '/api/factors/apps'],
      ['DELETE', `/api/factors/${factor}`],
    ],
  }
  expect(Object.keys(acts).sort()).toEqual(Object.keys((await licences.rules(world.sql)).stepUp).sort())
  await showedLongAgo(player)
  const before = await snapshot(player)
  for (const [act, routes] of Object.entries(acts))
    for (const [method, path, body] of routes)
      expect((await caller.ask(method, path, body)).body, `${act}: ${method} ${path}`).toMatchObject({
        status: 403,
        code: 'sessions.step_up_required',
        factors: ['passkey'],
      })
  expect(await snapshot(player)).toEqual(before)
  await world.showAll(player)
  expect((await caller.ask('PUT', '/api/residence', residence)).status).toBe(200)
  expect((await caller.ask('POST', '/api/withdrawals', { amount: money, instrument })).status).toBe(201)
  expect((await caller.ask('POST', '/api/erasure-request')).status).toBe(202)
})

test('a card that nothing was paid to yet takes more than a password, one that was does not [GLI-2.5.2e-3]', async () => {
  const { world } = faces
  const { player, caller } = await arrive(100_00n)
  const instrument = await withCard(player)
  const withdraw = () =>
    caller.ask('POST', '/api/withdrawals', { amount: { amount: '20.00', currency: 'EUR' }, instrument })
  expect((await withdraw()).body).toMatchObject({ code: 'sessions.step_up_required', factors: ['email'] })
  await world.showAll(player)
  expect((await withdraw()).status).toBe(201)
  await world.admin`
    update sessions.sessions set shown = ${world.admin.json({ password: new Date().toISOString() })} where player = ${player}`
  expect((await withdraw()).status).toBe(201)
})

test('a player takes along everything kept of them, and no secret and nobody else’s', async () => {
  const { world } = faces
  const { player, email, caller } = await arrive(100_00n)
  await world.showAll(player)
  const { body: app } = await caller.ask('POST', '/api/factors/apps')
  await caller.ask('POST', `/api/factors/apps/${app.factor}/confirmation`, {
    code: await freshCode(String(app.secret)),
    label: 'My telephone',
  })
  await withCard(player)
  const money = { amount: '20.00', currency: 'EUR' }
  const [card] = (await caller.ask('GET', '/api/instruments')).body.instruments as Array<{ id: string }>
  const { body: withdrawal } = await caller.ask('POST', '/api/withdrawals', { amount: money, instrument: card!.id })
  await caller.ask('POST', '/api/erasure-request')
  const answer = await caller.ask('POST', '/api/data-export')
  expect(answer.status, answer.raw).toBe(200)
  expect(answer.headers.get('content-disposition')).toContain('my-data-')
  expect(answer.body).toMatchObject({
    format: 'countroom-player-data/1',
    profile: { email, name: 'Ada Lovelace', address: { city: 'Valletta' } },
    agreements: { termsVersion: expect.any(String) },
    factors: [{ kind: 'totp', label: 'My telephone' }],
    devices: [{ current: true, last: { browser: expect.any(String) } }],
    instruments: [{ last4: '4242' }],
    withdrawals: [{ id: withdrawal.id, amount: money }],
    deposits: [],
    rounds: [],
    erasureAskedAt: expect.any(String),
  })
  expect((answer.body.statement as unknown[]).length).toBeGreaterThan(1)
  for (const secret of [String(app.secret), 'tok_of_a_test', 'password_hash']) expect(answer.raw).not.toContain(secret)
  const events =
    await world.admin`select code from audit.events where subject = ${player} and code = 'players.data_exported'`
  expect(events).toHaveLength(1)
})

test('who asks to be erased waits for people, once, is told so, and staff see it and answer with a reason', async () => {
  const { world } = faces
  const { player, caller } = await arrive()
  await world.showAll(player)
  const { body: first } = await caller.ask('POST', '/api/erasure-request')
  expect((await caller.ask('POST', '/api/erasure-request')).body).toEqual(first)
  expect(await mailed(world, player, 'erasure_asked')).toContain('within a month')
  expect(await players.erasuresAsked(world.sql)).toContainEqual({ player, askedAt: new Date(String(first.askedAt)) })
  const answered = { player, reason: 'kept until 2031 by the law on money laundering' }
  await world.act((tx) => players.answerErasure(tx, world.command(), answered))
  expect(await players.erasureAskedAt(world.sql, player)).toBeUndefined()
  await expect(world.act((tx) => players.answerErasure(tx, world.command(), answered))).rejects.toMatchObject({
    code: 'players.erasure_not_asked',
  })
})

test('what an open page asks by itself is no activity, and what a person does is [GLI-2.5.4a]', async () => {
  const { world } = faces
  const { player, caller } = await arrive()
  const seen = async () => {
    const [row] = await world.admin<
      Array<{ at: Date }>
    >`select max(seen_at) as at from sessions.sessions where player = ${player}`
    return row!.at
  }
  const longAgo = async () => {
    await world.admin`update sessions.sessions set seen_at = now() - interval '29 minutes' where player = ${player}`
    return seen()
  }
  const before = await longAgo()
  for (const path of ['/api/me', '/api/limits', '/api/rounds', '/security'])
    expect((await caller.ask('GET', path)).status, path).toBe(200)
  expect(await seen()).toEqual(before)
  await caller.ask('GET', '/security', undefined, { 'sec-fetch-dest': 'document' })
  expect(await seen(), 'a page was opened').not.toEqual(before)
  await longAgo()
  await caller.ask('POST', '/api/sessions/step-up/code')
  expect(await seen(), 'something was done').not.toEqual(before)
})

/** A card that the player paid with. */
async function withCard(player: string): Promise<string> {
  const { world } = faces
  const card = { token: 'tok_of_a_test', brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada Lovelace' }
  return world.act((tx) => saveInstrument(tx, world.command(), { player, gateway: 'sandbox', ...card }))
}

async function showedLongAgo(player: string): Promise<void> {
  const { admin } = faces.world
  await admin`
    update sessions.sessions set shown = ${admin.json({ password: new Date(Date.now() - 301_000).toISOString() })}
    where player = ${player}`
}

async function addPhone({ caller }: { caller: Caller }, phone: string): Promise<string> {
  const { body } = await caller.ask('POST', '/api/factors/phones', { phone })
  const proof = { code: await lastSms(faces.world), label: 'Phone' }
  const answer = await caller.ask('POST', `/api/factors/phones/${body.factor}/confirmation`, proof)
  expect(answer.status, answer.raw).toBe(201)
  return String(body.factor)
}

async function addPasskey(caller: Caller): Promise<string> {
  const { body: options } = await caller.ask('POST', '/api/factors/passkeys/options')
  const response = new SoftAuthenticator(origin).create(options as Parameters<SoftAuthenticator['create']>[0])
  const answer = await caller.ask('POST', '/api/factors/passkeys', { response, label: 'Key ring' })
  expect(answer.status, answer.raw).toBe(201)
  return String(answer.body.factor)
}

async function snapshot(player: string) {
  const { world } = faces
  return JSON.stringify([
    await world.admin`select f::text from factors.factors f where holder = ${player}`,
    await world.admin`select r::text from factors.recovery_codes r where holder = ${player}`,
    await world.admin`select password_hash from sessions.credentials where player = ${player}`,
    await world.admin`select p::text from players.players p where player = ${player}`,
    await world.admin`select l::text from protection.limits l where player = ${player}`,
    await world.admin`select w::text from cashier.withdrawals w where player = ${player}`,
    await world.admin`select r::text from players.erasure_requests r where player = ${player}`,
  ])
}
