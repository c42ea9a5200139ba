import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { type FaceAnswer, type Faces, openFaces } from '../support/faces.ts'
import { mailedCode } from '../support/sign-in.ts'
import { employ, newLogin } from '../support/staff.ts'

/**
 * Whether an address is known shows in nothing: words and status always, time by comparing medians of samples that alternate. With
 * `COUNTROOM_STRICT_TIMING=1` there are more of them and the bound is tight; for a machine that does nothing else.
 */
const strict = process.env.COUNTROOM_STRICT_TIMING === '1'
const samples = strict ? 60 : 8
const msMax = strict ? 4 : 150

/** Random credentials; `COUNTROOM_FLOOD=10000` for the long run. */
const floods = Number(process.env.COUNTROOM_FLOOD ?? 120)

let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces.stop())

const password = 'walrus tambourine quartz'
const unknown = async () => `p${randomBytes(5).toString('hex')}@example.com`
const known = async () => (await knownPlayer()).email
const knownPlayer = async () => {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  return { player, email }
}
let networks = 0
const ask = (path: string, body: unknown) =>
  faces.caller('player').ask('POST', path, body, { 'x-forwarded-for': `10.${networks >> 8}.${networks++ & 255}.1` })

const questions: Record<string, (email: string) => Promise<FaceAnswer>> = {
  'sign-in': (email) => ask('/api/sessions', { email, password: 'wrong wrong wrong' }),
  'sign-in with a code': (email) =>
    ask('/api/sessions', { email, password: 'wrong wrong wrong', proof: { factor: 'totp', code: '123456' } }),
  'a code to sign in with': (email) => ask('/api/sessions/code', { email }),
  registration: async (email) => ask('/api/registrations', await faces.world.registration({ email })),
  'confirmation of an address': (email) => ask('/api/registrations/confirmation', { email, code: '123456', password }),
  'a forgotten password': (email) => ask('/api/password-resets', { email }),
  'a code for a new password': (email) => ask('/api/password-resets/code', { email, code: '22222222' }),
  'another code of confirmation': (email) => ask('/api/registrations/code', { email }),
}

test.each(Object.entries(questions))(
  '%s answers alike for known and unknown addresses, in words, status and time [S08] [CR-02] [GLI-2.5.3a]',
  {
    timeout: 180_000,
  },
  async (name, question) => {
    const times = { known: [] as number[], unknown: [] as number[] }
    const said = new Set<string>()
    for (let i = 0; i < samples; i++) {
      const pair = [['known', await known()] as const, ['unknown', await unknown()] as const]
      for (const [kind, email] of randomInt(2) === 0 ? pair : pair.reverse()) {
        const begunMs = performance.now()
        const answer = await question(email)
        times[kind].push(performance.now() - begunMs)
        const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
        said.add(JSON.stringify([answer.status, { ...answer.body, requestId: '' }, headers]))
      }
    }
    expect([...said]).toHaveLength(1)
    const medians = [median(times.known), median(times.unknown)] as const
    if (strict)
      process.stdout.write(`${name}: known ${medians[0].toFixed(2)} ms, unknown ${medians[1].toFixed(2)} ms\n`)
    expect(Math.abs(medians[0] - medians[1]), JSON.stringify(times)).toBeLessThan(msMax)
  },
)

test('random credentials by the thousand are refused in words, and lock nobody else out, staff neither [S05] [S08]', {
  timeout: 3_600_000,
}, async () => {
  const { world } = faces
  const { player, email: ada } = await knownPlayer()
  const home = faces.caller('player')
  const signIn = (more: object = {}) =>
    home.ask('POST', '/api/sessions', { email: ada, password, ...more }, { 'x-forwarded-for': '192.0.2.9' })
  expect((await signIn()).status).toBe(201) // a device the account knows
  const grace = await world.act((tx) => employ(tx, world.command(), { role: 'support' }))
  const said = new Map<string, number>()
  const attempt = async (): Promise<void> => {
    const network = `10.${randomInt(256)}.${randomInt(256)}.1`
    const [face, path, body] = oneOf<[face: 'player' | 'operator', path: string, body: unknown]>([
      ['player', '/api/sessions', { email: oneOf([ada, junk(), await unknown()]), password: junk() }],
      ['player', '/api/sessions', { email: ada, password: junk(), proof: { factor: 'totp', code: junk() } }],
      ['player', '/api/sessions/passkey', { response: { id: junk(), response: { clientDataJSON: junk() } } }],
      ['operator', '/api/sessions', { login: oneOf([grace.login, newLogin(), junk()]), password: junk() }],
      ['operator', '/api/sessions', { passkey: { id: junk(), rawId: junk(), response: { signature: junk() } } }],
    ])
    const answer = await faces.caller(face).ask('POST', path, body, { 'x-forwarded-for': network })
    const { status, headers } = answer
    said.set(`${face} ${status} ${answer.body.code}`, (said.get(`${face} ${status} ${answer.body.code}`) ?? 0) + 1)
    expect(status, answer.raw).toBeGreaterThanOrEqual(400)
    expect(status < 500 || answer.body.code === 'keys.passwords_busy', answer.raw).toBe(true)
    expect(headers.get('content-type'), answer.raw).toBe('application/problem+json')
  }
  let left = floods
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) await attempt()
    }),
  )
  expect(said.size, JSON.stringify([...said])).toBeGreaterThan(4)
  // So many failures ask for more than the password, and its person has more.
  expect(await signIn()).toMatchObject({ status: 401, body: { code: 'sessions.second_factor_required' } })
  const code = await mailedCode(world, player)
  expect((await signIn({ proof: { factor: 'email', code } })).status).toBe(201)
  const eve = await known()
  expect((await ask('/api/sessions', { email: eve, password })).status).toBe(201) // the next player
  const desk = faces.caller('operator')
  const options = await desk.ask('POST', '/api/sessions/challenge')
  const begun = await desk.ask('POST', '/api/sessions', { passkey: grace.passkey.get(options.body as never) })
  expect(begun.status, begun.raw).toBe(201)
})

test('a locked account and a locked address of nobody answer alike', async () => {
  const locked = async (email: string) => {
    for (let i = 0; i < 3; i++) await questions['sign-in']!(email)
    const { status, body } = await ask('/api/sessions', { email, password })
    return [status, { ...body, requestId: '' }]
  }
  expect(await locked(await known())).toEqual(await locked(await unknown()))
})

test('what a browser is asked for at a sign-in by passkey names no credential of anybody', async () => {
  const { status, body } = await ask('/api/sessions/passkey/challenge', undefined)
  expect(status).toBe(200)
  expect(body.allowCredentials ?? []).toEqual([])
})

function oneOf<T>(among: readonly T[]): T {
  return among[randomInt(among.length)]!
}

/** Whatever somebody might type: bytes, signs of other writings, look-alikes, the empty word. */
function junk(): string {
  return oneOf([
    randomBytes(randomInt(1, 40)).toString('base64url'),
    randomBytes(randomInt(1, 40)).toString('latin1'),
    'аdmin@exаmple.com',
    '\ud800\u0000\u202e',
    '😀'.repeat(randomInt(1, 40)),
    "' or 1=1 --",
    '',
  ])
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!
}
