import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Refusal, systemCommand, type Tx } from '#base'
import * as staff from '#staff'
import type { SoftAuthenticator } from '../../support/authenticator.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { employ, rp } from '../../support/staff.ts'

let db: TestDatabase
let agent: TestKeys
const ids: Record<string, string> = {}
const passkeys: Record<string, SoftAuthenticator> = {}
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  await db.admin`create table public.effects (proposal text, sum int)`
  await db.admin`grant all on public.effects to countroom_app`
  for (const [login, role] of people) ids[login] = await hire(login, role)
}, 60_000)
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

/** Boss and Ben may approve; Fin may ask and approve adjustments, Pay only ask, Sue neither. */
const people = [
  ['boss', 'administrator'],
  ['ben', 'administrator'],
  ['fin', 'finance'],
  ['pay', 'payments'],
  ['sue', 'support'],
] as const
type Person = (typeof people)[number][0]
const mayAsk: Person[] = ['boss', 'ben', 'fin', 'pay']
const mayApprove: Person[] = ['boss', 'ben', 'fin']

const payload = z.strictObject({ sum: z.int(), staff: z.string().optional() })
const acts: staff.Acts = {
  pay: {
    title: 'Pay',
    payload,
    propose: 'adjustments.propose',
    approve: 'adjustments.approve',
    concerns: (given) => (given as z.infer<typeof payload>).staff ?? '',
    async execute(tx, _, { proposal, payload }) {
      const { sum } = payload as { sum: number }
      if (sum < 0) throw new Refusal('refused', 'test.declined', 'No.')
      await tx`insert into public.effects values (${proposal}, ${sum})`
    },
  },
  allow: { title: 'Allow', payload, propose: 'adjustments.propose', approve: 'adjustments.approve' },
}

const command = (now = new Date()) => ({ ...systemCommand('test'), now, keys: agent.keys })
const by = (person: string, now = new Date()) => ({
  ...command(now),
  actor: { kind: 'staff' as const, id: ids[person] ?? person },
})
const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
const propose = (person: string, wish: { act?: string; sum?: number; staff?: string } = {}, now?: Date) => {
  const { act: name = 'pay', sum = 5, ...rest } = wish
  return act((tx) =>
    staff.propose(tx, by(person, now), acts, { act: name, payload: { sum, ...rest }, reason: 'why not' }),
  )
}
const approve = async (person: string, { proposal, digest }: staff.Proposal, now?: Date) => {
  const options = await act((tx) => staff.approvalChallenge(tx, by(person, now), acts, { proposal, rp }))
  const passkey = passkeys[person]!.get(options)
  return act((tx) => staff.approve(tx, by(person, now), acts, { proposal, digest, rp, passkey }))
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  )
const effects = async (proposal: string) =>
  (await db.sql<Array<{ sum: number }>>`select sum from public.effects where proposal = ${proposal}`).map(
    ({ sum }) => sum,
  )

async function hire(login: string, role: string): Promise<string> {
  const { id, passkey } = await act((tx) => employ(tx, command(), { login, role }))
  passkeys[login] = passkey
  return id
}

test('what is approved is what was asked for, byte for byte, by another who may, and done once [S46]', async () => {
  const asked = await propose('pay', { sum: 7 })
  expect(JSON.parse(asked.statement)).toEqual({
    act: 'pay',
    payload: { sum: 7 },
    reason: 'why not',
    proposal: asked.proposal,
    proposedBy: ids.pay,
    expiresAt: asked.expiresAt.toISOString(),
  })
  expect(asked.digest).toEqual(createHash('sha256').update(asked.statement).digest())
  expect(await codeOf(approve('pay', asked))).toBe('staff.not_permitted')
  expect(await codeOf(approve('sue', asked))).toBe('staff.not_permitted')
  expect(await codeOf(approve('fin', { ...asked, digest: createHash('sha256').digest() }))).toBe(
    'staff.proposal_changed',
  )
  expect(await effects(asked.proposal)).toEqual([])
  expect(await approve('fin', asked)).toMatchObject({ state: 'done', decidedBy: ids.fin })
  expect(await effects(asked.proposal)).toEqual([7])
  expect(await codeOf(approve('boss', asked))).toBe('staff.proposal_stands')
  const [kept] = await db.admin`select signature from staff.proposals where proposal = ${asked.proposal}`
  // What is kept proves it without us: the challenge their passkey signed ends in the digest [S15].
  const { clientDataJSON } = kept!.signature.response.response as { clientDataJSON: string }
  const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { challenge: string }
  expect(Buffer.from(challenge, 'base64url').subarray(-32)).toEqual(asked.digest)
})

test('who asked cannot approve, nor whom it is about; the database holds it too [S46]', async () => {
  const own = await propose('boss')
  expect(await codeOf(approve('boss', own))).toBe('staff.not_your_own')
  const aboutBen = await propose('boss', { staff: ids.ben! })
  expect(await codeOf(approve('ben', aboutBen))).toBe('staff.not_your_own')
  await expect(
    db.sql`update staff.proposals set state = 'done', decided_by = proposed_by where proposal = ${own.proposal}`,
  ).rejects.toThrow(/check/)
  await expect(db.sql`update staff.proposals set statement = '{}' where proposal = ${own.proposal}`).rejects.toThrow(
    /permission denied/,
  )
})

test('a signature that is refused approves nothing, and is remembered; an act that is declined is not approved', async () => {
  const asked = await propose('pay')
  const { proposal, digest } = asked
  const other = await propose('pay')
  const sign = async (person: string, which: string) =>
    passkeys[person]!.get(await act((tx) => staff.approvalChallenge(tx, by('fin'), acts, { proposal: which, rp })))
  // Of another proposal, by another's passkey, and nothing at all.
  for (const passkey of [await sign('fin', other.proposal), await sign('boss', proposal), {}, null, 'yes'])
    expect(await act((tx) => staff.approve(tx, by('fin'), acts, { proposal, digest, rp, passkey }))).toMatchObject({
      refusal: { code: 'factors.passkey_refused' },
    })
  const declined = await propose('pay', { sum: -1 })
  expect(await codeOf(approve('fin', declined))).toBe('test.declined')
  for (const { proposal } of [asked, declined])
    expect(await staff.proposalOf(db.sql, proposal, new Date())).toMatchObject({ state: 'open', decidedBy: null })
})

test('whoever asked and was shut out since, or may not ask any more, is not obeyed; who approves is asked for anew [S22]', async () => {
  const temp = await hire('temp', 'payments')
  const first = await propose(temp)
  await act((tx) => staff.disable(tx, by('boss'), { staff: temp, reason: 'left' }))
  expect(await codeOf(approve('fin', first))).toBe('staff.proposer_gone')
  await act((tx) => staff.enable(tx, by('boss'), { staff: temp, proposal: 'prp_x' }))
  expect(await codeOf(propose(temp))).toBe('done')
  await act((tx) => staff.revoke(tx, by('boss'), { staff: temp, role: 'payments' }))
  expect(await codeOf(approve('fin', first))).toBe('staff.proposer_gone')
  expect(await codeOf(propose(temp))).toBe('staff.not_permitted')
})

test('hostile input is refused in words: acts nobody has, payloads of another form', async () => {
  for (const name of ['', 'constructor', '__proto__', 'staff.everything'])
    expect(await codeOf(propose('boss', { act: name }))).toBe('staff.act_unknown')
  for (const sum of [0.5, Number.NaN, '7', null, {}] as never[])
    expect(await codeOf(propose('boss', { sum }))).toBe('staff.payload_invalid')
  expect(await codeOf(propose('boss', { more: 1 } as never))).toBe('staff.payload_invalid')
  const turned = act((tx) =>
    staff.propose(tx, by('boss'), acts, { act: 'pay', payload: { sum: 1 }, reason: 'as agreed \u202e50 fo' }),
  )
  expect(await codeOf(turned), 'writing that is turned around shows another text than is signed').toBe(
    'staff.payload_invalid',
  )
  const nowhere = { ...(await propose('boss')), proposal: 'prp_nowhere' }
  expect(await codeOf(approve('ben', nowhere))).toBe('staff.proposal_unknown')
})

test('approvals at once: one wins, and it is done once', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 10; round++) {
    const asked = await propose('pay', { sum: round })
    const { proposal } = asked
    const decision = { proposal, reason: 'changed my mind' }
    const { digest } = asked
    const signed = await Promise.all(
      ['fin', 'boss', 'ben', 'fin', 'boss', 'ben'].map(async (person) => {
        const options = await act((tx) => staff.approvalChallenge(tx, by(person), acts, { proposal, rp }))
        return { person, passkey: passkeys[person]!.get(options) }
      }),
    )
    const all = await Promise.all([
      ...signed.map(({ person, passkey }) =>
        codeOf(act((tx) => staff.approve(tx, by(person), acts, { proposal, digest, rp, passkey }))),
      ),
      codeOf(act((tx) => staff.reject(tx, by('ben'), acts, decision))),
      codeOf(act((tx) => staff.withdraw(tx, by('pay'), acts, decision))),
    ])
    expect(all.filter((code) => code === 'done')).toHaveLength(1)
    expect(all.filter((code) => code === 'staff.proposal_stands')).toHaveLength(7)
    const approved = all.slice(0, 6).includes('done')
    expect(await effects(proposal)).toEqual(approved ? [round] : [])
  }
})

test('an approval to be used is used once, for exactly what it was given for', async () => {
  const asked = await propose('pay', { act: 'allow' })
  const use = (about: Record<string, unknown>, changes = {}) =>
    codeOf(
      act((tx) =>
        staff.useApproval(tx, by('pay'), acts, { proposal: asked.proposal, act: 'allow', about, ...changes }),
      ),
    )
  expect(await use({ sum: 5 })).toBe('staff.approval_absent')
  expect(await approve('fin', asked)).toMatchObject({ state: 'approved' })
  for (const [about, changes] of [
    [{ sum: 6 }, {}],
    [{ sum: 5 }, { act: 'pay' }],
    [{ sum: 5 }, { proposedBy: ids.boss }],
    [{ sum: 5 }, { proposal: undefined }],
  ] as const)
    expect(await use(about, changes)).toBe('staff.approval_absent')
  const uses = await Promise.all([1, 2, 3, 4].map(() => use({ sum: 5 })))
  expect(uses.sort()).toEqual(['done', ...Array(3).fill('staff.approval_absent')])
})

type Step = { verb: 'approve' | 'reject' | 'withdraw' | 'use'; who: Person; hours: number }
const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('approve', 'reject', 'withdraw', 'use'),
  who: fc.constantFrom(...people.map(([person]) => person)),
  hours: fc.integer({ min: 0, max: 15 }),
})

test('whatever is tried by whomever in whatever order, the states are these and nothing is done but by two', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...mayAsk),
      fc.constantFrom('pay', 'allow'),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      async (asker, name, steps) => {
        const start = new Date()
        const asked = await propose(asker, { act: name }, start)
        let model: string = 'open'
        let hours = 0
        for (const { verb, who, hours: wait } of steps) {
          hours += wait
          const now = new Date(start.getTime() + hours * 3_600_000)
          if (hours >= 24 && (model === 'open' || model === 'approved')) model = 'expired'
          const { proposal } = asked
          const decision = { proposal, reason: 'because' }
          const tried = {
            approve: () => approve(who, asked, now),
            reject: () => act((tx) => staff.reject(tx, by(who, now), acts, decision)),
            withdraw: () => act((tx) => staff.withdraw(tx, by(who, now), acts, decision)),
            use: () =>
              act((tx) => staff.useApproval(tx, by(who, now), acts, { proposal, act: name, about: { sum: 5 } })),
          }
          const other = who !== asker && mayApprove.includes(who)
          const next = {
            approve: other && model === 'open' ? (name === 'pay' ? 'done' : 'approved') : undefined,
            reject: other && model === 'open' ? 'rejected' : undefined,
            withdraw: who === asker && (model === 'open' || model === 'approved') ? 'withdrawn' : undefined,
            use: model === 'approved' ? 'done' : undefined,
          }[verb]
          expect((await codeOf(tried[verb]())) === 'done', `${verb} by ${who} when ${model}`).toBe(next !== undefined)
          model = next ?? model
          expect((await staff.proposalOf(db.sql, proposal, now)).state).toBe(model)
          expect(await effects(proposal)).toEqual(name === 'pay' && model === 'done' ? [5] : [])
        }
      },
    ),
    { numRuns: 40 },
  )
})
