import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { type FaceAnswer, type Faces, openFaces } from '../support/faces.ts'

/**
 * Whether an address is known shows in nothing: words and status always, time by comparing medians of samples that alternate. With
 * `COUNTROOM_STRICT_TIMING=1` there are more of them and the bound is tight; for a machine that does nothing else.
 */
const strict = process.env.COUNTROOM_STRICT_TIMING === '1'
const samples = strict ? 60 : 8
const msMax = strict ? 4 : 150

let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces.stop())

const password = 'walrus tambourine quartz'
const unknown = async () => `p${randomBytes(5).toString('hex')}@example.com`
const known = async () => {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  return email
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
  'confirmation of an address': (email) => ask('/api/registrations/confirmation', { email, code: '123456' }),
  'a forgotten password': (email) => ask('/api/password-resets', { email }),
  'a code for a new password': (email) => ask('/api/password-resets/code', { email, code: '22222222' }),
  'another code of confirmation': (email) => ask('/api/registrations/code', { email }),
}

test.each(Object.entries(questions))(
  '%s answers alike for known and unknown addresses, in words, status and time [S08] [CR-02] [GLI-2.5.3a]',
  {
    timeout: 180_000,
  },
  async (_, question) => {
    const times = { known: [] as number[], unknown: [] as number[] }
    const said = new Set<string>()
    for (let i = 0; i < samples; i++)
      for (const [kind, email] of [
        ['known', await known()],
        ['unknown', await unknown()],
      ] as const) {
        const begunMs = performance.now()
        const answer = await question(email)
        times[kind].push(performance.now() - begunMs)
        const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
        said.add(JSON.stringify([answer.status, { ...answer.body, requestId: '' }, headers]))
      }
    expect([...said]).toHaveLength(1)
    expect(Math.abs(median(times.known) - median(times.unknown)), JSON.stringify(times)).toBeLessThan(msMax)
  },
)

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

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!
}
