import { afterAll, beforeAll, expect, test } from 'vitest'
import * as cashier from '#cashier'
import * as staff from '#staff'
import { type Caller, type Faces, openFaces } from '../support/faces.ts'
import { enrolAt } from '../support/staff.ts'

let faces: Faces
let player: string
beforeAll(async () => {
  faces = await openFaces()
  const { world } = faces
  const made = await world.player(1000n)
  player = made.player
  const amount = { amount: 2000n, currency: 'EUR' as const }
  const { id } = await world.act((tx) => cashier.deposit(tx, world.command(), { ...made, amount, gateway: 'sandbox' }))
  await world.act((tx) =>
    cashier.apply(tx, world.command(), 'sandbox', {
      id: 'evt_1',
      type: 'payment.succeeded',
      reference: id,
      object: 'pay_1',
      amount,
      authorisation: 'A1',
      instrument: { token: 'tok_1', brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada Lovelace' },
    }),
  )
})
afterAll(() => faces.stop())

const secrets = { contact: /@example/, identity: /Lovelace|12-10/, address: /St James|VLT/, card: /4242|12\/29/ }
const seen = (raw: string) => Object.keys(secrets).filter((name) => secrets[name as keyof typeof secrets].test(raw))
const mask = /p•••@example/

/** What each role sees of a player for a reason; without one nobody sees anything. */
const sight: Array<[role: string, profile: number, fields: string[], cards: number, card: string[]]> = [
  ['administrator', 200, ['contact', 'identity', 'address'], 200, ['identity', 'card']],
  ['compliance_officer', 200, ['contact', 'identity', 'address'], 200, ['identity', 'card']],
  ['support', 200, ['contact', 'identity', 'address'], 403, []],
  ['risk', 200, ['contact', 'identity'], 200, ['identity', 'card']],
  ['payments', 403, [], 200, ['identity', 'card']],
  ['finance', 403, [], 403, []],
  ['auditor', 403, [], 403, []],
  ['game_manager', 403, [], 403, []],
  ['security', 403, [], 403, []],
]
test.each(sight)(
  '%s: masked without a reason, and with one what the role may see',
  async (role, profile, fields, cards, card) => {
    const caller = await hire(role)
    for (const path of [`/api/players/${player}`, `/api/players/${player}/instruments`]) {
      const { status, raw } = await caller.ask('GET', path)
      expect([200, 403]).toContain(status)
      expect(seen(raw.replace(mask, ''))).toEqual([])
    }
    const whole = await caller.ask('GET', `/api/players/${player}?reason=complaint%2012`)
    expect(whole.status).toBe(profile)
    expect(seen(whole.raw.replace(mask, ''))).toEqual(fields)
    expect(whole.body.inFull ?? []).toEqual(fields)
    const paid = await caller.ask('GET', `/api/players/${player}/instruments?reason=complaint%2012`)
    expect(paid.status).toBe(cards)
    expect(seen(paid.raw)).toEqual(card)
    if (fields.length > 0) {
      const [written] = await faces.world.sql<Array<{ entry: { reason: string; detail: object } }>>`
      select entry::json as entry from audit.events where request_id = ${whole.requestId}`
      expect(written!.entry).toMatchObject({ reason: 'complaint 12', detail: { fields } })
    }
  },
)

test('what somebody used of their permissions is remembered, what they were refused is not', async () => {
  const support = await hire('support')
  await support.ask('GET', `/api/players/${player}`)
  await support.ask('GET', '/api/audit')
  const me = await support.ask('GET', '/api/me')
  const uses = await faces.world.sql<Array<{ permission: string }>>`
    select permission from staff.uses where staff = ${String(me.body.staff)}`
  expect(uses.map(({ permission }) => permission)).toEqual(['players.view'])
})

async function hire(role: string): Promise<Caller> {
  const { secret } = await faces.world.act((tx) => staff.enrolmentLink(tx, faces.world.command(), { role }))
  const caller = faces.caller('operator')
  await enrolAt(caller, { secret })
  return caller
}
