import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as factors from '#factors'
import { type Bent, SoftAuthenticator } from '../../support/authenticator.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const rp = { id: 'localhost', origin: 'https://localhost:8443', name: 'Countroom', holders: 'plr' as const }
const desk = { ...rp, origin: 'https://localhost:8444', holders: 'stf' as const }

test.each([
  ['ES256', -7],
  ['EdDSA', -8],
  ['RS256', -257],
] as const)('a passkey of %s is made once and used often, with no name given', async (_, algorithm) => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin, { algorithm })
  expect(await enrol(holder, device)).toBe('added')
  for (let i = 0; i < 3; i++) {
    const used = await use(device)
    expect(used).toMatchObject({ holder, kind: 'passkey', userVerified: true })
  }
  expect(await factors.list(world.sql, world.agent.keys, holder)).toMatchObject([
    { kind: 'passkey', label: 'Key ring', backedUp: false },
  ])
})

test('options ask for what is promised: discoverable, the person known, three algorithms, none of the holder’s own again', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  await enrol(holder, device)
  const options = await registration(holder)
  expect(options).toMatchObject({
    rp: { id: 'localhost' },
    attestation: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: [{ id: device.id.toString('base64url') }],
  })
  expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-7, -8, -257])
  expect(await challenge({ holder })).toMatchObject({
    userVerification: 'required',
    allowCredentials: [{ id: device.id.toString('base64url') }],
  })
  expect((await challenge({})).allowCredentials ?? []).toEqual([])
  expect(await enrol(holder, device), 'the same again').toBe('factors.passkey_known')
  expect(await enrol((await world.player()).player, device), 'for somebody else').toBe('factors.passkey_known')
})

test('a challenge has 256 bits, is never the same, and is good for one answer within five minutes [S15]', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin, { counter: 0 })
  await enrol(holder, device)
  const options = await challenge({})
  expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32)
  const answer = device.get(options)
  expect(await answered(answer)).toMatchObject({ holder })
  expect(await answered(answer), 'the answer again').toBe('factors.passkey_refused')
  expect(
    await answered(device.get({ ...options, challenge: randomBytes(32).toString('base64url') })),
    'never asked',
  ).toBe('factors.passkey_refused')
  const late = device.get(await challenge({}))
  expect(await answered(late, {}, new Date(Date.now() + 300_001))).toBe('factors.passkey_refused')
  const early = device.get(await challenge({}))
  expect(await answered(early, {}, new Date(Date.now() + 299_000))).toMatchObject({ holder })
})

test('100 000 challenges are all of full length and none twice [S15]', { timeout: 180_000 }, async () => {
  const { ask } = await import('../../../core/factors/challenge.ts')
  const seen = new Set<string>()
  const insertless = Object.assign(async () => [], {}) as never
  for (let i = 0; i < 100_000; i++) {
    const made = await ask(insertless, world.command(), { purpose: 'x', verified: true })
    expect(made.length).toBe(32)
    seen.add(made.toString('base64'))
  }
  expect(seen.size).toBe(100_000)
})

test('of 20 who send one answer at once exactly one is let in', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin, { counter: 0 })
  await enrol(holder, device)
  const answer = device.get(await challenge({}))
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => answered(answer)))
  expect(outcomes.filter((outcome) => typeof outcome !== 'string')).toHaveLength(1)
})

const wrong: Array<[what: string, bent: Bent]> = [
  ['another page', { origin: 'https://localhost:8444' }],
  ['a look-alike', { origin: 'https://localhost.example' }],
  ['another domain', { rpId: 'example.com' }],
  ['a page of somebody else around ours', { crossOrigin: true }],
  ['nobody there', { flags: 0x40 }],
  ['a person the authenticator does not know', { flags: 0x41 }],
  ['another kind of message', { type: 'webauthn.bogus' }],
  ['a backup without eligibility', { flags: 0x55 }],
]
test.each(wrong)('neither made nor used: %s', async (_, bent) => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  expect(await enrol(holder, device, bent)).toBe('factors.passkey_refused')
  expect(await enrol(holder, device)).toBe('added')
  const flags = bent.flags === undefined ? {} : { flags: bent.flags & 0xbf }
  expect(await answered(device.get(await challenge({}), { ...bent, ...flags }))).toBe('factors.passkey_refused')
  expect(await use(device), 'and right again').toMatchObject({ holder })
})

test('the person need not be known where the question did not ask for it, and the answer says so', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  await enrol(holder, device)
  const options = await challenge({ holder, userVerification: 'preferred' })
  expect(await answered(device.get(options, { flags: 0x01 }), { holder })).toMatchObject({
    holder,
    userVerified: false,
  })
})

test('a question of one purpose, holder or payload takes no answer to another', async () => {
  const { player: holder } = await world.player()
  const { player: other } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  await enrol(holder, device)
  const payload = createHash('sha256').update('pay 12.34 EUR to Ada').digest()
  const changed = createHash('sha256').update('pay 99.99 EUR to Eve').digest()
  const asked = { holder, purpose: 'approve', binding: payload }
  const options = await challenge(asked)
  expect(Buffer.from(options.challenge, 'base64url').subarray(32)).toEqual(payload)
  for (const claimed of [
    { ...asked, binding: changed },
    { ...asked, purpose: 'sign-in' },
    { ...asked, holder: other },
    { holder, purpose: 'approve' },
  ])
    expect(await answered(device.get(await challenge(asked)), claimed)).toBe('factors.passkey_refused')
  expect(await answered(device.get(options), asked)).toMatchObject({ holder })
})

test('the passkey of one person does not answer for another, nor one of staff on the pages of players', async () => {
  const { player: ada } = await world.player()
  const { player: eve } = await world.player()
  const [hers, theirs] = [new SoftAuthenticator(rp.origin), new SoftAuthenticator(rp.origin)]
  await enrol(ada, hers)
  await enrol(eve, theirs)
  expect(await answered(theirs.get(await challenge({ holder: ada })), { holder: ada })).toBe('factors.passkey_refused')
  const claim = Buffer.from(ada).toString('base64url')
  expect(await answered(theirs.get(await challenge({}), { userHandle: claim }))).toBe('factors.passkey_refused')
  expect(await answered(theirs.get(await challenge({}), { userHandle: '' })), 'nobody named').toBe(
    'factors.passkey_refused',
  )

  const staff = 'stf_01jdqz8c5t3v6w9x2y4z7a8b9c'
  const badge = new SoftAuthenticator(desk.origin)
  expect(await enrol(staff, badge, {}, desk)).toBe('added')
  expect(await answered(badge.get(await challenge({}, desk)), {}, new Date(), desk)).toMatchObject({ holder: staff })
  const abroad = badge.get(await challenge({}), { origin: rp.origin })
  expect(await answered(abroad)).toBe('factors.passkey_refused')
  await expect(challenge({ holder: staff })).rejects.toThrow('has no passkeys')
})

test('a counter that does not rise is a copy of the authenticator: refused, and an alarm', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin, { counter: 5 })
  await enrol(holder, device)
  expect(await use(device)).toMatchObject({ holder })
  for (const counter of [6, 5, 1, 0])
    expect(await answered(device.get(await challenge({}), { counter }))).toBe('factors.passkey_refused')
  const alarms =
    await world.sql`select 1 from audit.events where code = 'factors.passkey_cloned' and entry like ${`%${holder}%`}`
  expect(alarms).toHaveLength(4)
  expect(await use(device, { counter: 100 })).toMatchObject({ holder })
})

test('an algorithm that is not ours, a maker’s statement and a foreign id are not taken', async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  for (const fmt of ['tpm', 'apple', 'fido-u2f', 'android-key', 'android-safetynet', 'x'])
    expect(await enrol(holder, device, { fmt }), fmt).toBe('factors.passkey_refused')
  const options = await registration(holder)
  const message = device.create(options)
  const other = randomBytes(32).toString('base64url')
  expect(await added(holder, { ...message, id: other, rawId: other })).toBe('factors.passkey_refused')
  const es384 = Object.assign(new SoftAuthenticator(rp.origin), { algorithm: -35 })
  expect(await enrol(holder, es384)).toBe('factors.passkey_refused')
  expect(await enrol(holder, device, { challenge: options.challenge }), 'used up').toBe('factors.passkey_refused')
})

test('whatever is sent instead of a message, bent, cut or made up, is one refusal and nothing else', {
  timeout: 180_000,
}, async () => {
  const { player: holder } = await world.player()
  const device = new SoftAuthenticator(rp.origin)
  await enrol(holder, device)
  const mangled = (message: object) =>
    fc
      .tuple(
        fc.constantFrom(...leaves(message)),
        fc.oneof(fc.jsonValue(), fc.base64String(), fc.string({ maxLength: 20_000 }), bits()),
      )
      .map(([path, part]) => put(message, path, part))
  /** Binary parts with some bytes changed or some cut off: CBOR that lies about its lengths, and the like. */
  const bits = () => fc.record({ at: fc.nat(400), byte: fc.nat(255), cut: fc.option(fc.nat(300)) })
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (junk) => {
      expect(await answered(junk)).toBe('factors.passkey_refused')
      expect(await added(holder, junk)).toBe('factors.passkey_refused')
    }),
    { numRuns: 60 },
  )
  const attested = new SoftAuthenticator(rp.origin).create(await registration(holder))
  await fc.assert(
    fc.asyncProperty(mangled(attested), async (message) => {
      const outcome = await added(holder, message)
      expect(['factors.passkey_refused', 'added']).toContain(outcome)
      if (outcome === 'added') expect(message).toMatchObject({ id: attested.id }) // what was bent is not looked at
    }),
    { numRuns: 150 },
  )
  await fc.assert(
    fc.asyncProperty(
      mangled(device.get({ challenge: randomBytes(32).toString('base64url'), rpId: rp.id })),
      async (message) => {
        expect(await answered(message)).toBe('factors.passkey_refused')
      },
    ),
    { numRuns: 150 },
  )
})

const registration = (holder: string, party: factors.RelyingParty = rp) =>
  world.act((tx) =>
    factors.passkeyRegistration(tx, world.command(), {
      holder,
      rp: party,
      name: 'ada@example.com',
      displayName: 'Ada',
    }),
  )

async function enrol(holder: string, device: SoftAuthenticator, bent: Bent = {}, party: factors.RelyingParty = rp) {
  return added(holder, device.create(await registration(holder, party), bent), party)
}

async function added(holder: string, response: unknown, party: factors.RelyingParty = rp) {
  const input = { holder, rp: party, response, label: 'Key ring' }
  const outcome = await world.act((tx) => factors.addPasskey(tx, world.command(), input))
  return 'refusal' in outcome ? outcome.refusal.code : 'added'
}

type Asked = { holder?: string; purpose?: string; binding?: Buffer; userVerification?: 'required' | 'preferred' }

const challenge = (asked: Asked, party: factors.RelyingParty = rp) =>
  world.act((tx) => factors.passkeyChallenge(tx, world.command(), { purpose: 'sign-in', rp: party, ...asked }))

async function answered(response: unknown, asked: Asked = {}, now = new Date(), party: factors.RelyingParty = rp) {
  const input = { purpose: 'sign-in', rp: party, response, ...asked }
  const outcome = await world.act((tx) => factors.usePasskey(tx, world.command(now), input))
  return 'refusal' in outcome ? outcome.refusal.code : outcome
}

async function use(device: SoftAuthenticator, bent: Bent = {}) {
  return answered(device.get(await challenge({}), bent))
}

function leaves(value: object, path: string[] = []): string[][] {
  return Object.entries(value).flatMap(([name, part]) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? [[...path, name], ...leaves(part, [...path, name])]
      : [[...path, name]],
  )
}

type Bits = { at: number; byte: number; cut: number | null }

/** Puts something else in a place; what stands there as base64 has some of its bytes changed. */
function put(value: object, [name = '', ...rest]: string[], part: unknown): object {
  const present = (value as Record<string, unknown>)[name]
  if (rest.length > 0) return { ...value, [name]: put(present as object, rest, part) }
  const bent = typeof part === 'object' && part !== null && 'byte' in part && 'cut' in part ? (part as Bits) : undefined
  return { ...value, [name]: bent && typeof present === 'string' ? changed(present, bent) : part }
}

function changed(text: string, { at, byte, cut }: Bits): string {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length > 0) bytes[at % bytes.length] = byte
  return bytes.subarray(0, cut ?? bytes.length).toString('base64url')
}
