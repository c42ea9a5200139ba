import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { networkOf } from '#base'
import * as players from '#players'
import * as sessions from '#sessions'
import { mailedCode, mailed as mailText, origin, rightAttempt } from '../../support/sign-in.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const password = 'walrus tambourine quartz'
const withPassword = async () => {
  const player = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player: player.player, passwordHash }))
  return player
}
type Way = Partial<sessions.Origin> & { now?: Date; code?: string }
const signIn = async (email: string, given: string, { now = new Date(), code, ...from }: Way = {}) => {
  const proof = code === undefined ? undefined : { factor: 'email' as const, code }
  const input = { email, password: given, proof, origin: origin(from), now }
  const tried = await sessions.attempt(world.sql, world.agent.keys, input)
  return world.act((tx) => sessions.begin(tx, world.command(now), tried))
}
const begin = async (...call: Parameters<typeof signIn>) => {
  const begun = await signIn(...call)
  if ('refusal' in begun) throw begun.refusal
  return begun
}
const codeOf = (outcome: Awaited<ReturnType<typeof signIn>>) => ('refusal' in outcome ? outcome.refusal.code : 'begun')
const mailed = (player: string) => mailedCode(world, player)
let networks = 0
/** Each test comes from networks of its own, or the failures of one would throttle the next. */
const elsewhere = () => `10.${++networks}.0.1`
const later = (minutes: number) => new Date(Date.now() + minutes * 60_000)

test('the right password begins a session; its secret is kept only as a digest, and where it came from only sealed', async () => {
  const { email, player } = await withPassword()
  const begun = await begin(email, password, { address: '192.0.2.77' })
  expect(await sessions.find(world.sql, begun.secret, new Date())).toMatchObject({
    playerId: player,
    aal: 1,
    authenticatedAt: begun.session.createdAt,
  })
  const rows = await world.admin`
    select s::text, i::text, d::text from sessions.sessions s, sessions.sign_ins i, sessions.devices d where i.player = ${player}`
  expect(rows.length).toBeGreaterThan(0)
  for (const secret of [begun.secret, begun.device, '192.0.2', 'Firefox'])
    expect(JSON.stringify(rows)).not.toContain(secret)
  await world.act((tx) => sessions.end(tx, world.command(), begun.session.id))
  expect(await sessions.find(world.sql, begun.secret, new Date())).toBeUndefined()
})

test('unknown addresses and wrong passwords get one answer, and lock alike after three [GLI-2.5.3a] [GLI-2.5.3d-1] [S08]', async () => {
  const { email } = await withPassword()
  const outcomes = async (address: string) => {
    const from = elsewhere()
    const answers: unknown[] = []
    for (let i = 0; i < 4; i++) {
      const outcome = await signIn(address, 'wrong wrong wrong', { address: from })
      if ('refusal' in outcome) answers.push([outcome.refusal.code, outcome.refusal.message, outcome.refusal.detail])
    }
    return answers
  }
  const known = await outcomes(email)
  expect(known.map((answer) => (answer as string[])[0])).toEqual([
    'sessions.sign_in_refused',
    'sessions.sign_in_refused',
    'sessions.sign_in_refused',
    'sessions.locked',
  ])
  expect(await outcomes('nobody@example.com')).toEqual(known)
})

test('a locked account keeps unknown devices out, the right password too, until a second factor is shown; a known device gets in [GLI-2.5.3d-1] [GLI-2.5.3d-2] [S05]', async () => {
  const { email, player } = await withPassword()
  const home = await begin(email, password, { address: elsewhere() })
  for (let i = 0; i < 3; i++) await signIn(email, 'wrong wrong wrong', { address: elsewhere() }) // spread over networks
  const stranger = { address: elsewhere() }
  expect(codeOf(await signIn(email, password, stranger))).toBe('sessions.locked')
  expect(codeOf(await signIn(email, password, { ...stranger, now: later(60 * 24 * 30) }))).toBe('sessions.locked')
  expect(codeOf(await signIn(email, password, { address: elsewhere(), device: home.device }))).toBe('begun')
  expect(codeOf(await signIn(email, password, stranger)), 'a password alone unlocks nothing').toBe('sessions.locked')

  await world.act((tx) => sessions.askCodeFor(tx, world.command(), { email, origin: origin({ address: elsewhere() }) }))
  const code = await mailed(player)
  expect(codeOf(await signIn(email, 'wrong wrong wrong', { ...stranger, code }))).toBe('sessions.sign_in_refused')
  await world.admin`update sessions.codes set asked_at = asked_at - interval '2 minutes'`
  await world.act((tx) => sessions.askCodeFor(tx, world.command(), { email, origin: origin({ address: elsewhere() }) }))
  const another = await mailed(player)
  const begun = await begin(email, password, { ...stranger, code: another })
  expect(begun.session.aal).toBe(2)
  const next = await signIn(email, password, { address: elsewhere(), device: begun.device })
  expect(codeOf(next), 'unlocked').toBe('begun')
  expect(codeOf(await signIn(email, password, { ...stranger, code: another })), 'a code works once [S11]').toBe(
    'sessions.sign_in_refused',
  )
})

test('nobody can lock a player out: not even with a thousand failures on the account', async () => {
  const { email } = await withPassword()
  const home = await begin(email, password, { address: elsewhere() })
  await world.admin`
    insert into sessions.failures (subject, at)
    select ${sessions.accountOf(home.session.playerId)}, now() - interval '1 hour' from generate_series(1, 1000)`
  for (let i = 0; i < 3; i++) await signIn(email, 'wrong wrong wrong', { address: elsewhere() })
  const asked = await signIn(email, password, { address: elsewhere(), device: home.device })
  expect(codeOf(asked), 'so many failures ask for more').toBe('sessions.second_factor_required')
  const code = await mailed(home.session.playerId)
  expect(codeOf(await signIn(email, password, { address: elsewhere(), device: home.device, code }))).toBe('begun')
})

test('a known device whose own attempts fail is kept out until a second factor is shown, it alone, and whoever has the cookie of none locks none [GLI-2.5.3d-2]', async () => {
  const { email, player } = await withPassword()
  const other = await begin(email, password, { address: elsewhere() })
  await world.admin`delete from sessions.sign_ins where player = ${player}` // so that the next is a first device too
  const { device } = await begin(email, password, { address: elsewhere() })
  const attempt = (given: string, now = new Date()) => signIn(email, given, { address: elsewhere(), device, now })
  for (let i = 0; i < 3; i++) expect(codeOf(await attempt('wrong wrong wrong'))).toBe('sessions.sign_in_refused')
  expect(codeOf(await attempt(password))).toBe('sessions.locked')
  expect(codeOf(await attempt(password, later(60 * 24)))).toBe('sessions.locked')
  expect(codeOf(await signIn(email, password, { address: elsewhere(), device: other.device }))).toBe('begun')
  await world.act((tx) => sessions.askCodeFor(tx, world.command(), { email, origin: origin({ address: elsewhere() }) }))
  const code = await mailed(player)
  expect(codeOf(await signIn(email, password, { address: elsewhere(), device, code }))).toBe('begun')
  for (let i = 0; i < 2; i++) expect(codeOf(await attempt('wrong wrong wrong'))).toBe('sessions.sign_in_refused')
  expect(codeOf(await attempt(password)), 'what was before is forgotten').toBe('begun')
})

test('a player is told of a sign-in from a new device, and once of a lock; a first device and one they know are no news', async () => {
  const { email, player } = await withPassword()
  const news = async () =>
    (
      await world.admin<Array<{ template: string }>>`
        select template from messages.outbox where holder = ${player} and template <> 'confirm_email' order by made_at`
    ).map(({ template }) => template)
  const { device } = await begin(email, password, { address: elsewhere() })
  await begin(email, password, { address: elsewhere(), device })
  expect(await news()).toEqual([])
  for (let i = 0; i < 6; i++) await signIn(email, 'wrong wrong wrong', { address: elsewhere() })
  expect(await news()).toEqual(['account_locked'])
  await world.act((tx) => sessions.askCodeFor(tx, world.command(), { email, origin: origin({ address: elsewhere() }) }))
  const code = await mailed(player)
  await begin(email, password, { address: elsewhere(), code, browser: 'Safari on iPhone' })
  expect(await news()).toEqual(['account_locked', 'sign_in_code', 'sign_in_new_device'])
  expect(await mailText(world, player, 'sign_in_new_device')).toMatch(
    /new device: Safari on iPhone, 20\d\d-\d\d-\d\d \d\d:\d\d UTC/,
  )
  for (let i = 0; i < 3; i++) await signIn(email, 'wrong wrong wrong', { address: elsewhere() })
  expect(
    (await news()).filter((template) => template === 'account_locked'),
    'locked again within the hour',
  ).toHaveLength(1)
  await world.act((tx) => sessions.signOutEverywhere(tx, world.command(), player))
  expect((await news()).at(-1)).toBe('signed_out_everywhere')
})

test('attempts that come at once are judged one after the other: three are tried, no more [S05]', async () => {
  const { email } = await withPassword()
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, () => signIn(email, 'wrong wrong wrong', { address: elsewhere() })),
  )
  expect(outcomes.map(codeOf).filter((code) => code === 'sessions.sign_in_refused')).toHaveLength(3)
})

test('a network that fails at account after account is throttled, and one beside it is not', async () => {
  const place = networks++
  for (let i = 0; i < 30; i++)
    await signIn(`nobody${i}@example.com`, 'wrong wrong wrong', { address: `172.16.${place}.${i}` })
  const { email } = await withPassword()
  expect(codeOf(await signIn(email, password, { address: `172.16.${place}.200` }))).toBe('sessions.throttled')
  expect(codeOf(await signIn(email, password, { address: `172.17.${place}.200` }))).toBe('begun')
  expect(
    codeOf(await signIn(email, 'wrong wrong wrong', { address: `172.16.${place}.9`, now: later(31) })),
    'it ends by itself',
  ).toBe('sessions.sign_in_refused')
}, 60_000)

test('a network that is throttled keeps out no device the account knows, and no passkey [S05]', async () => {
  const place = networks++
  const { email, player } = await withPassword()
  const { device } = await begin(email, password, { address: elsewhere() })
  for (let i = 0; i < 30; i++)
    await signIn(`somebody${i}@example.com`, 'wrong wrong wrong', { address: `172.18.${place}.${i}` })
  const address = `172.18.${place}.200`
  expect(codeOf(await signIn(email, password, { address }))).toBe('sessions.throttled')
  expect(codeOf(await signIn(email, password, { address, device }))).toBe('begun')
  const byPasskey = (whose: string | undefined) =>
    world.act((tx) =>
      sessions.beginWithPasskey(tx, world.command(), {
        player: whose,
        origin: origin({ address }),
        replaced: undefined,
      }),
    )
  expect(codeOf(await byPasskey(player))).toBe('begun')
  expect(codeOf(await byPasskey(undefined))).toBe('sessions.throttled')
})

test('whoever spreads guesses over the networks of one site of IPv6 is throttled there [S05]', async () => {
  const from = (site: string, network: number) => ({ address: `2001:db8:${site}:${network.toString(16)}::1` })
  for (let i = 0; i < 120; i++) {
    const tried = { ...rightAttempt(`plr_${i}`, from('77', i)), right: false }
    await world.act((tx) => sessions.begin(tx, world.command(), tried))
  }
  const { email } = await withPassword()
  expect(codeOf(await signIn(email, password, from('77', 999)))).toBe('sessions.throttled')
  expect(codeOf(await signIn(email, password, from('78', 1)))).toBe('begun')
})

test('a password that was changed while it was looked at lets nobody in; nor does an account suspended meanwhile', async () => {
  const { email, player } = await withPassword()
  const input = { email, password, origin: origin({ address: elsewhere() }), now: new Date() }
  const tried = await sessions.attempt(world.sql, world.agent.keys, input)
  const passwordHash = await sessions.hashPassword(world.agent.keys, 'another one entirely')
  await world.act((tx) => sessions.changePassword(tx, world.command(), { player, passwordHash, standsAlone: true }))
  const outcome = await world.act((tx) => sessions.begin(tx, world.command(), tried))
  expect(codeOf(outcome)).toBe('sessions.sign_in_refused')

  const again = await sessions.attempt(world.sql, world.agent.keys, { ...input, password: 'another one entirely' })
  await world.act((tx) => players.suspend(tx, world.command(), { player, reason: 'a test' }))
  expect(codeOf(await world.act((tx) => sessions.begin(tx, world.command(), again)))).toBe('sessions.sign_in_refused')
})

test('a device that fails at account after account is throttled', async () => {
  const device = 'd'.repeat(43)
  for (let i = 0; i < 10; i++)
    await signIn(`somebody${i}@example.com`, 'wrong wrong wrong', { address: elsewhere(), device })
  const { email } = await withPassword()
  expect(codeOf(await signIn(email, password, { address: elsewhere(), device }))).toBe('sessions.throttled')
}, 30_000)

test('a new device needs the code of a mail besides the password, and is known from then on', async () => {
  const { email, player } = await withPassword()
  await begin(email, password, { address: elsewhere() })
  const asked = await signIn(email, password, { address: elsewhere() })
  expect(asked).toMatchObject({ refusal: { code: 'sessions.second_factor_required', detail: { factors: ['email'] } } })
  const code = await mailed(player)
  expect(codeOf(await signIn(email, password, { address: elsewhere(), code, now: later(11) })), 'too late').toBe(
    'sessions.sign_in_refused',
  )
  const begun = await begin(email, password, { address: elsewhere(), code })
  expect(codeOf(await signIn(email, password, { address: elsewhere(), device: begun.device }))).toBe('begun')
})

test('the code of a mail is tried five times and no more [S14]', async () => {
  const { email, player } = await withPassword()
  const device = (await begin(email, password, { address: elsewhere() })).device
  await world.act((tx) => sessions.askCodeFor(tx, world.command(), { email, origin: origin({ address: elsewhere() }) }))
  const code = await mailed(player)
  const wrong = code === '000000' ? '000001' : '000000'
  const use = (given: string) =>
    world.act((tx) => sessions.useProof(tx, world.command(), player, { factor: 'email', code: given }))
  for (let i = 0; i < 5; i++) expect(await use(wrong)).toBe(false)
  expect(await use(code)).toBe(false)
  expect(device).toHaveLength(43)
})

test('in a day there are thirty codes by mail, twenty for who shows no password, so that nobody tries them all [S14]', async () => {
  const { email, player } = await withPassword()
  await begin(email, password, { address: elsewhere() })
  const sent = async () => {
    const [row] = await world.admin<Array<{ count: number }>>`
      select count(*)::int as count from messages.outbox where holder = ${player} and template = 'sign_in_code'`
    return row!.count
  }
  const askAt = (minute: number) => world.command(later(minute * 2))
  for (let i = 0; i < 25; i++)
    await world.act((tx) => sessions.askCodeFor(tx, askAt(i), { email, origin: origin({ address: elsewhere() }) }))
  expect(await sent()).toBe(20)
  for (let i = 25; i < 40; i++) await world.act((tx) => sessions.askOwnCode(tx, askAt(i), player))
  expect(await sent()).toBe(30)
})

test('a stranger who asks for codes takes none from the player, whose device and network are known [S05] [S14]', async () => {
  const { email, player } = await withPassword()
  const home = elsewhere()
  const { device } = await begin(email, password, { address: home })
  const askFrom = (minute: number, from: Partial<sessions.Origin>) =>
    world.act((tx) => sessions.askCodeFor(tx, world.command(later(minute)), { email, origin: origin(from) }))
  const told = async () =>
    (await world.admin`select from messages.outbox where holder = ${player} and template = 'sign_in_code'`).length
  await askFrom(0, { address: home })
  const code = await mailed(player)
  await askFrom(5, { address: elsewhere() })
  expect(await told(), 'while the player’s own is good').toBe(1)
  const use = { factor: 'email', code } as const
  expect(await world.act((tx) => sessions.useProof(tx, world.command(later(6)), player, use))).toBe(true)
  for (let i = 0; i < 25; i++) await askFrom(20 + i * 2, { address: elsewhere() })
  expect(await told()).toBe(20)
  await askFrom(100, { address: elsewhere(), device })
  await askFrom(120, { address: home.replace(/\.1$/, '.200') })
  expect(await told(), 'from the device, and from the network').toBe(22)
})

test('what a network failed at stands under no digest that could be found by trying networks', async () => {
  const address = elsewhere()
  await signIn('nobody.at.all@example.com', 'wrong wrong wrong', { address })
  const guesses = [`network|${networkOf(address)}`, `site|${networkOf(address)}`, networkOf(address), address].map(
    (text) => createHash('sha256').update(text).digest('hex'),
  )
  const kept = await world.admin<Array<{ subject: string }>>`
    select encode(subject, 'hex') as subject from sessions.failures`
  expect(kept.length).toBeGreaterThan(2)
  expect(kept.filter(({ subject }) => guesses.includes(subject))).toEqual([])
})

test('fifty who show one code at once: one wins [S11]', async () => {
  const { email, player } = await withPassword()
  await world.act((tx) => sessions.askCodeFor(tx, world.command(), { email, origin: origin({ address: elsewhere() }) }))
  const code = await mailed(player)
  const won = await Promise.all(
    Array.from({ length: 50 }, () =>
      world.act((tx) => sessions.useProof(tx, world.command(), player, { factor: 'email', code })),
    ),
  )
  expect(won.filter(Boolean)).toHaveLength(1)
})

test('faster than an airliner since the last sign-in, or from a listed network, asks for more; on a known device too', async () => {
  const { email } = await withPassword()
  const valletta = { country: 'MT', latitude: 35.9, longitude: 14.5 }
  const auckland = { country: 'NZ', latitude: -36.8, longitude: 174.8 }
  const { device } = await begin(email, password, { address: elsewhere(), place: valletta })
  const from = (changes: Way) => signIn(email, password, { address: elsewhere(), device, ...changes })
  expect(codeOf(await from({ place: auckland, now: later(60) }))).toBe('sessions.second_factor_required')
  expect(codeOf(await from({ listed: true }))).toBe('sessions.second_factor_required')
  expect(codeOf(await from({ place: valletta, now: later(60) }))).toBe('begun')
  expect(codeOf(await from({ place: auckland, now: later(24 * 60) }))).toBe('begun')
})

test('idle for thirty minutes is the end of a session [GLI-2.5.4a] [S18]', async () => {
  const { email } = await withPassword()
  const begun = await begin(email, password, { address: elsewhere() })
  const found = await sessions.find(world.sql, begun.secret, later(29))
  expect(found).toBeDefined()
  await sessions.touch(world.sql, found!, later(29))
  expect(await sessions.find(world.sql, begun.secret, later(58))).toBeDefined() // being found is no activity
  expect(await sessions.find(world.sql, begun.secret, later(60))).toBeUndefined()
})

test('twelve hours are the end of a session, however busy it is [S18] [GLI-2.5.4b-ii]', async () => {
  const { email } = await withPassword()
  const { secret } = await begin(email, password, { address: elsewhere() })
  for (let minutes = 20; minutes < 12 * 60; minutes += 20)
    await sessions.touch(world.sql, (await sessions.find(world.sql, secret, later(minutes)))!, later(minutes))
  expect(await sessions.find(world.sql, secret, new Date(later(12 * 60).getTime() - 5000))).toBeDefined()
  expect(await sessions.find(world.sql, secret, later(12 * 60))).toBeUndefined()
})
