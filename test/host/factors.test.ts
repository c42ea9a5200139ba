import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as messages from '#messages'
import * as sessions from '#sessions'
import { freshCode, SoftAuthenticator } from '../support/authenticator.ts'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'
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
  await faces.world.admin`
    update sessions.sessions set shown = ${faces.world.admin.json({ password: new Date(Date.now() - 301_000).toISOString() })}
    where player = ${player}`
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

async function arrive() {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  return { player, email, caller }
}

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
  ])
}
