import { afterAll, beforeAll, expect, test } from 'vitest'
import * as factors from '#factors'
import { codeNow, SoftAuthenticator } from '../../support/authenticator.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const rp = { id: 'localhost', origin: 'https://localhost:8443', name: 'Countroom', holders: 'plr' as const }

test('a name can be changed by its holder alone; what is no name is refused', async () => {
  const { player: holder } = await world.player()
  const factor = await passkey(holder)
  await rename(holder, factor, '  Ada’s 🔑 at home ')
  expect(await factors.list(world.sql, world.agent.keys, holder)).toMatchObject([{ label: 'Ada’s 🔑 at home' }])
  await expect(rename((await world.player()).player, factor, 'Mine')).rejects.toMatchObject({ code: 'factors.unknown' })
  for (const label of ['', '   ', 'x'.repeat(61), 'two\nlines', 'a\u202eb'])
    await expect(rename(holder, factor, label)).rejects.toMatchObject({ code: 'factors.label_invalid' })
})

test('the last one stays, unless recovery codes are there; of two who remove the last two at once one is refused', async () => {
  const { player: holder } = await world.player()
  const [first, second] = [await passkey(holder), await passkey(holder)]
  const both = await Promise.allSettled([remove(holder, first), remove(holder, second)])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const left = (await factors.list(world.sql, world.agent.keys, holder))[0]!.factor
  await expect(remove(holder, left)).rejects.toMatchObject({ code: 'factors.last' })
  await world.act((tx) => factors.makeRecoveryCodes(tx, world.command(), { holder }))
  await expect(remove(holder, left, false), 'with no password').rejects.toMatchObject({ code: 'factors.last' })
  await remove(holder, left)
  expect(await factors.list(world.sql, world.agent.keys, holder)).toEqual([])
  await expect(remove(holder, left)).rejects.toMatchObject({ code: 'factors.unknown' })
})

test('a passkey that was removed lets nobody in', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  const factor = await passkey(holder, device)
  await passkey(holder)
  const options = await world.act((tx) => factors.passkeyChallenge(tx, world.command(), { rp, purpose: 'x' }))
  await remove(holder, factor)
  const response = device.get(options)
  expect(
    await world.act((tx) => factors.usePasskey(tx, world.command(), { rp, purpose: 'x', response })),
  ).toMatchObject({
    refusal: { code: 'factors.passkey_refused' },
  })
})

test('nobody has more than twenty', async () => {
  const { player: holder } = await world.player()
  for (let i = 0; i < 20; i++) await passkey(holder)
  await expect(passkey(holder)).rejects.toMatchObject({ code: 'factors.too_many' })
})

test('every change is an event, and tells its holder; what failed is an event too [S49]', async () => {
  const { player: holder } = await world.player()
  world.jobs.length = 0
  const factor = await passkey(holder)
  await rename(holder, factor, 'Other')
  const now = new Date()
  const offered = await world.act((tx) =>
    factors.offerTotp(tx, world.command(now), { holder, issuer: 'Countroom', account: 'ada' }),
  )
  const code = codeNow(offered.secret, now.getTime())
  const totp = { holder, factor: offered.factor, code, label: 'App' }
  await world.act((tx) => factors.confirmTotp(tx, world.command(now), totp))
  await world.act((tx) => factors.useTotp(tx, world.command(now), { holder, code }))
  const [recovery = ''] = await world.act((tx) => factors.makeRecoveryCodes(tx, world.command(), { holder }))
  await world.act((tx) => factors.useRecoveryCode(tx, world.command(), { holder, code: recovery }))
  await remove(holder, factor)
  const events = await world.sql<Array<{ code: string }>>`
    select code from audit.events where player = ${holder} and code like 'factors.%' order by at, id`
  expect(events.map((event) => event.code)).toEqual(
    ['added', 'renamed', 'offered', 'added', 'refused', 'recovery_codes_made', 'recovery_code_used', 'removed'].map(
      (name) => `factors.${name}`,
    ),
  )
  const told = await world.admin<Array<{ template: string }>>`
    select template from messages.outbox where holder = ${holder} and template <> 'confirm_email' order by made_at, message`
  expect(told.map(({ template }) => template).sort()).toEqual(
    ['factor_added', 'factor_added', 'recovery_codes_made', 'recovery_code_used', 'factor_removed'].sort(),
  )
})

test('to be forgotten is to have nothing left', async () => {
  const { player: holder } = await world.player()
  await passkey(holder)
  await world.act((tx) => factors.makeRecoveryCodes(tx, world.command(), { holder }))
  await world.act((tx) => factors.passkeyChallenge(tx, world.command(), { rp, purpose: 'x', holder }))
  expect(await world.act((tx) => factors.forget(tx, world.command(), { holder, reason: 'erased' }))).toBe(1)
  const tables = await world.admin<Array<{ name: string }>>`
    select table_name as name from information_schema.columns where table_schema = 'factors' and column_name = 'holder'`
  expect(tables.length).toBeGreaterThan(4)
  for (const { name } of tables)
    expect(await world.admin`select from factors.${world.admin(name)} where holder = ${holder}`, name).toHaveLength(0)
})

async function passkey(holder: string, device = new SoftAuthenticator(rp.origin)): Promise<string> {
  const options = await world.act((tx) =>
    factors.passkeyRegistration(tx, world.command(), { holder, rp, name: 'ada', displayName: 'Ada' }),
  )
  const input = { holder, rp, response: device.create(options), label: 'Key' }
  const added = await world.act((tx) => factors.addPasskey(tx, world.command(), input))
  if ('refusal' in added) throw added.refusal
  return added.factor
}

const rename = (holder: string, factor: string, label: string) =>
  world.act((tx) => factors.rename(tx, world.command(), { holder, factor, label }))

const remove = (holder: string, factor: string, password = true) =>
  world.act((tx) => factors.remove(tx, world.command(), { holder, factor, password }))
