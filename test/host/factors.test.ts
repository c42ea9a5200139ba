import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { freshCode, SoftAuthenticator } from '../support/authenticator.ts'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'

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

test('a telephone can be added where somebody takes text messages, and is not offered elsewhere', async () => {
  const [here, elsewhere] = [await arrive(), await arrive({ smsCarrier: undefined })]
  await faces.world.showAll(here.player)
  await faces.world.showAll(elsewhere.player)
  const phone = { phone: '+356 2123 4567' }
  expect((await here.caller.ask('POST', '/api/factors/phones', phone)).status).toBe(202)
  expect((await elsewhere.caller.ask('POST', '/api/factors/phones', phone)).body).toMatchObject({
    status: 409,
    code: 'factors.sms_unavailable',
  })
  const [told] = await faces.world.admin`
    select count(*)::int from messages.outbox where holder = ${elsewhere.player} and channel = 'sms'`
  expect(told, 'no code is promised').toEqual({ count: 0 })
  expect((await here.caller.ask('GET', '/security')).raw).toContain('Add a telephone')
  const page = await elsewhere.caller.ask('GET', '/security')
  expect([page.status, page.raw.includes('Add a passkey'), page.raw.includes('Add a telephone')]).toEqual([
    200,
    true,
    false,
  ])
})

async function arrive(config?: Parameters<Faces['caller']>[1]) {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player', config)
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  return { player, email, caller }
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
