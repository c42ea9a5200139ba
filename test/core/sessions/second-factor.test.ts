import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as factors from '#factors'
import * as sessions from '#sessions'
import { hotp } from '../../../core/factors/totp.ts'
import { SoftAuthenticator } from '../../support/authenticator.ts'
import { mailedCode, origin, rightAttempt } from '../../support/sign-in.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const site = 'https://localhost'
const rp = { id: 'localhost', origin: site, name: 'Countroom', holders: 'plr' as const }
const minutes = (count: number) => new Date(Date.now() + count * 60_000)
let networks = 0

/** Somebody who has signed in once and has an authenticator app and recovery codes. */
async function withApp() {
  const { player, email } = await world.player()
  const first = await begin(player)
  const { factor, secret } = await world.act((tx) =>
    factors.offerTotp(tx, world.command(), { holder: player, issuer: 'Countroom', account: email }),
  )
  const codeAt = (now: Date) => hotp(decode(secret), Math.floor(now.getTime() / 30_000))
  const earlier = minutes(-5)
  const confirmed = { holder: player, factor, code: codeAt(earlier), label: 'App' }
  await world.act((tx) => factors.confirmTotp(tx, world.command(earlier), confirmed))
  const recovery = await world.act((tx) => factors.makeRecoveryCodes(tx, world.command(), { holder: player }))
  return { player, email, first, codeAt, recovery }
}

async function attempt(player: string, proof?: sessions.Proof, now = new Date(), from: Partial<sessions.Origin> = {}) {
  return world.act((tx) => sessions.begin(tx, world.command(now), { ...rightAttempt(player, from), proof }))
}

async function begin(...call: Parameters<typeof attempt>) {
  const begun = await attempt(...call)
  if ('refusal' in begun) throw begun.refusal
  return begun
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const decode = (secret: string) => {
  const bits = [...secret].map((letter) => base32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

test('whoever has an authenticator app is asked for it on a new device, and a code by mail does not do instead', async () => {
  const { player, codeAt, recovery } = await withApp()
  const asked = await attempt(player)
  expect(asked).toMatchObject({
    refusal: { code: 'sessions.second_factor_required', detail: { factors: ['totp', 'recovery'] } },
  })
  await expect(mailedCode(world, player), 'no mail').rejects.toThrow()
  expect(await attempt(player, { factor: 'email', code: '123456' })).toMatchObject({
    refusal: { code: 'sessions.sign_in_refused' },
  })
  const now = minutes(1)
  const begun = await begin(player, { factor: 'totp', code: codeAt(now) }, now)
  expect(begun.session).toMatchObject({ aal: 2, shown: { password: now, totp: now } })
  expect(await attempt(player, { factor: 'totp', code: codeAt(now) }, now), 'once only [S11]').toMatchObject({
    refusal: { code: 'sessions.sign_in_refused' },
  })
  expect((await begin(player, { factor: 'recovery', code: recovery[0]! })).session.aal).toBe(2)
})

test('a locked account opens by the authenticator app and the password [GLI-2.5.3d-2]', async () => {
  const { player, codeAt } = await withApp()
  const stranger = { address: '198.51.100.7' }
  for (let i = 0; i < 3; i++)
    await world.act((tx) => sessions.begin(tx, world.command(), { ...rightAttempt(player, stranger), right: false }))
  expect(await attempt(player)).toMatchObject({ refusal: { code: 'sessions.locked' } })
  const now = minutes(1)
  await begin(player, { factor: 'totp', code: codeAt(now) }, now)
  expect(await attempt(player, undefined, now)).toMatchObject({ refusal: { code: 'sessions.second_factor_required' } })
})

test('with a second factor a fresh password opens no act; with one shown it goes on [S20] [GLI-2.5.2e-1]', async () => {
  const { player, first, codeAt } = await withApp()
  const may = (session: sessions.Session, now: Date) => sessions.needs(world.sql, { session, act: 'withdrawal', now })
  await expect(may(first.session, new Date())).rejects.toMatchObject({ detail: { factors: ['totp', 'recovery'] } })
  const now = minutes(2)
  const right = await world.act((tx) =>
    sessions.useProof(tx, world.command(now), player, { factor: 'totp', code: codeAt(now) }),
  )
  const done = await world.act((tx) =>
    sessions.stepUp(tx, world.command(now), { session: first.session, factor: 'totp', right }),
  )
  if ('refusal' in done) throw done.refusal
  await may(done.session, minutes(6))
  await expect(may(done.session, minutes(8))).rejects.toMatchObject({ code: 'sessions.step_up_required' })
})

test('a passkey alone signs in, on a new device and past a lock; one of nobody’s does not', async () => {
  const { player } = await world.player()
  await begin(player)
  const holder = player
  const key = new SoftAuthenticator(site)
  const options = await world.act((tx) =>
    factors.passkeyRegistration(tx, world.command(), { holder, rp, name: 'ada', displayName: 'Ada' }),
  )
  await world.act((tx) =>
    factors.addPasskey(tx, world.command(), { holder, rp, response: key.create(options), label: 'Key' }),
  )
  for (let i = 0; i < 3; i++)
    await world.act((tx) => sessions.begin(tx, world.command(), { ...rightAttempt(player), right: false }))
  const enter = async (authenticator: SoftAuthenticator) => {
    const asked = await world.act((tx) => factors.passkeyChallenge(tx, world.command(), { rp, purpose: 'sign_in' }))
    return world.act(async (tx) => {
      const response = authenticator.get(asked)
      const used = await factors.usePasskey(tx, world.command(), { rp, purpose: 'sign_in', response })
      const found = 'refusal' in used ? undefined : used.holder
      return sessions.beginWithPasskey(tx, world.command(), { player: found, origin: origin(), replaced: undefined })
    })
  }
  const begun = await enter(key)
  if ('refusal' in begun) throw begun.refusal
  expect(begun.session).toMatchObject({ playerId: player, aal: 2 })
  expect(await attempt(player, undefined, new Date(), { device: begun.device }), 'unlocked').toHaveProperty('secret')
  expect(await enter(new SoftAuthenticator(site))).toMatchObject({ refusal: { code: 'sessions.passkey_refused' } })
  await world.admin`update players.players set status = 'suspended' where player = ${player}`
  expect(await enter(key)).toMatchObject({ refusal: { code: 'sessions.passkey_refused' } })
})

test('a code of the form of any factor from who has none is as wrong as a password', async () => {
  const { player } = await world.player()
  await begin(player)
  for (const factor of ['totp', 'sms', 'recovery'] as const)
    expect(await attempt(player, { factor, code: randomBytes(4).toString('hex') })).toMatchObject({
      refusal: { code: 'sessions.sign_in_refused' },
    })
})

test('who does not know the password uses up nobody’s codes, and keeps nobody from showing theirs [S05] [S14]', async () => {
  const { player, codeAt } = await withApp()
  const guess = (whose: string, factor: sessions.Proof['factor']) => {
    const from = rightAttempt(whose, { address: `10.0.${networks++}.1` })
    const tried = { ...from, right: false, proof: { factor, code: '000000' } }
    return world.act((tx) => sessions.begin(tx, world.command(), tried))
  }
  for (let i = 0; i < 25; i++)
    expect(await guess(player, 'totp')).toMatchObject({ refusal: { code: 'sessions.sign_in_refused' } })
  const now = minutes(1)
  expect((await begin(player, { factor: 'totp', code: codeAt(now) }, now)).session.aal).toBe(2)

  const { player: other } = await world.player()
  await begin(other)
  expect(await attempt(other)).toMatchObject({ refusal: { detail: { factors: ['email'] } } })
  const code = await mailedCode(world, other)
  for (let i = 0; i < 6; i++) await guess(other, 'email')
  expect((await begin(other, { factor: 'email', code })).session.aal).toBe(2)
})

test('a code of the step before is taken where the operator said so, and nowhere else [S13]', async () => {
  const { player: holder } = await world.player()
  const when = new Date('2031-03-01T10:00:05Z')
  const offered = await world.act((tx) =>
    factors.offerTotp(tx, world.command(when), { holder, issuer: 'Casino', account: 'ada' }),
  )
  const code = (ago: number) => hotp(decode(offered.secret), Math.floor(when.getTime() / 30_000) - ago / 30)
  const confirmed = { holder, factor: offered.factor, code: code(60), label: 'App', window: 2 }
  expect(await world.act((tx) => factors.confirmTotp(tx, world.command(when), confirmed))).toHaveProperty('factor')
  const shown = (window?: number) =>
    world.act((tx) =>
      sessions.useProof(tx, world.command(when), holder, {
        factor: 'totp',
        code: code(30),
        ...(window === undefined ? {} : { window }),
      }),
    )
  expect([await shown(), await shown(0), await shown(1), await shown(1)]).toEqual([false, false, true, false])
})
