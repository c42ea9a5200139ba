import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand, type Tx } from '#base'
import * as staff from '#staff'
import { acts } from '../../../core/host/acts.ts'
import { SoftAuthenticator } from '../../support/authenticator.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { employ, rp, shown } from '../../support/staff.ts'

let db: TestDatabase
let agent: TestKeys
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

const command = (now = new Date()) => ({ ...systemCommand('test'), now, keys: agent.keys })
const password = 'a long enough password'
const by = (id: string) => ({ ...command(), actor: { kind: 'staff' as const, id } })
const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
const signInOnce = async (login: string, given: string, how: staff.Shown = shown) => {
  const tried = await staff.attempt(db.sql, agent.keys, { login, password: given })
  return act((tx) => staff.signInOnce(tx, command(), { ...tried, shown: how }))
}
const later = (minutes: number) => new Date(Date.now() + minutes * 60_000)

test('a link works once and ends after a day; only its digest is kept, and without a passkey nobody is enrolled [S06] [GLI-B.2.3a-1]', async () => {
  expect(await staff.hasMembers(db.sql)).toBe(false)
  const { secret } = await act((tx) => staff.enrolmentLink(tx, command(), { role: 'payments' }))
  expect(JSON.stringify(await db.admin`select * from staff.enrolments`)).not.toContain(secret)
  const passkey = new SoftAuthenticator(rp.origin)
  const ask = (login: string, now = new Date()) =>
    act((tx) => staff.enrolmentPasskey(tx, command(now), { secret, login, password, rp, shown }))
  const use = (login: string, given: unknown) =>
    act((tx) => staff.enrol(tx, command(), { secret, login, password, rp, shown, passkey: given }))
  await expect(ask('grace', later(25 * 60))).rejects.toMatchObject({ code: 'staff.enrolment_unknown' })
  for (const made of [undefined, {}, passkey.create({ ...(await ask('grace')), challenge: 'AAAA' })])
    expect(await use('grace', made)).toMatchObject({ refusal: { code: 'factors.passkey_refused' } })
  // Made without knowing the person: an authenticator that merely was there.
  const present = passkey.create(await ask('grace'), { flags: 0x41 })
  expect(await use('grace', present)).toMatchObject({ refusal: { code: 'factors.passkey_refused' } })
  expect(await staff.hasMembers(db.sql)).toBe(false)
  expect(await use('grace', passkey.create(await ask('grace')))).toMatchObject({ role: 'payments' })
  await expect(ask('eve')).rejects.toMatchObject({ code: 'staff.enrolment_unknown' })
})

test('a passkey signs in by itself, as nobody else, and the session ends when idle [S06] [S18]', async () => {
  const { id, login, passkey } = await act((tx) => employ(tx, command(), { role: 'support' }))
  const ask = () => act((tx) => staff.signInChallenge(tx, command(), rp))
  const use = (response: unknown) => act((tx) => staff.signIn(tx, command(), { rp, response, shown }))
  const begun = await use(passkey.get(await ask()))
  if ('refusal' in begun) throw begun.refusal
  const seen = await staff.find(db.sql, begun.secret, new Date())
  expect(seen).toMatchObject({ id, name: login, roles: ['support'], proven: true })
  expect(await staff.find(db.sql, begun.secret, later(16))).toBeUndefined()
  const stranger = new SoftAuthenticator(rp.origin)
  const wrong = [
    stranger.get(await ask()),
    passkey.get(await ask(), { flags: 0x01 }),
    passkey.get(await ask(), { origin: 'https://evil.example' }),
    passkey.get({ ...(await ask()), challenge: Buffer.alloc(32).toString('base64url') }),
  ]
  for (const response of wrong)
    expect(await use(response)).toMatchObject({ refusal: { code: 'factors.passkey_refused' } })
  await act((tx) => staff.disable(tx, command(), { staff: id, reason: 'left' })).catch(() => {})
  await db.admin`update staff.members set disabled_at = now() where staff = ${id}`
  expect(await use(passkey.get(await ask()))).toMatchObject({ refusal: { code: 'staff.sign_in_refused' } })
})

test('a certificate lets its own person in and nobody else, and what began with one goes on with nothing less [S06]', async () => {
  const { id, login, passkey } = await act((tx) => employ(tx, command(), { role: 'support' }))
  const signIn = async (shown: staff.Shown) => {
    const options = await act((tx) => staff.signInChallenge(tx, command(), rp))
    return act((tx) => staff.signIn(tx, command(), { rp, response: passkey.get(options), shown }))
  }
  expect(await signIn({ person: 'eve', required: false })).toMatchObject({
    refusal: { code: 'staff.certificate_foreign' },
  })
  expect(await signIn({ person: undefined, required: true })).toMatchObject({
    refusal: { code: 'staff.certificate_required' },
  })
  const told = await db.sql`select from audit.events where code = 'staff.sign_in_refused' and subject = ${id}`
  expect(told).toHaveLength(2)
  const begun = async (shown: staff.Shown) => {
    const made = await signIn(shown)
    if ('refusal' in made) throw made.refusal
    return (await staff.find(db.sql, made.secret, new Date()))!
  }
  const certified = await begun({ person: login, required: false })
  const plain = await begun(shown)
  const code = (session: staff.StaffSession, person: string | undefined, required: boolean) => {
    try {
      staff.holdToCertificate(session, { person, required })
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(code(certified, login, true)).toBeUndefined()
  expect(code(certified, undefined, false)).toBe('staff.certificate_required')
  expect(code(certified, 'eve', false)).toBe('staff.certificate_foreign')
  expect(code(plain, undefined, false)).toBeUndefined()
  expect(code(plain, undefined, true)).toBe('staff.certificate_required')
  expect(code(plain, 'eve', false)).toBe('staff.certificate_foreign')
  // By name and password alike, whether or not there is such a name.
  for (const name of [login, 'nobody-here'])
    expect(await signInOnce(name, password, { person: 'eve', required: true })).toMatchObject({
      refusal: { code: 'staff.certificate_foreign' },
    })
  // Who has a certificate before a place enrols under its name.
  const { secret } = await act((tx) => staff.enrolmentLink(tx, command(), { role: 'support' }))
  const enrol = (as: string) =>
    act((tx) =>
      staff.enrolmentPasskey(tx, command(), {
        ...{ secret, login: as, password, rp },
        shown: { person: 'newton', required: true },
      }),
    )
  await expect(enrol('leibniz')).rejects.toMatchObject({ code: 'staff.certificate_foreign' })
  await expect(enrol('Newton')).resolves.toMatchObject({ user: { name: 'newton' } })
})

test('who was here before passkeys signs in once by password, and may do nothing with it; names are answered alike, guessing is slow', async () => {
  const { id } = await act((tx) => employ(tx, command(), { role: 'administrator', login: 'old', password }))
  expect(await signInOnce('old', password)).toMatchObject({ refusal: { code: 'staff.passkey_needed' } })
  await db.admin`delete from factors.factors where holder = ${id}`
  const begun = await signInOnce('Old', password)
  if ('refusal' in begun) throw begun.refusal
  const seen = await staff.find(db.sql, begun.secret, new Date())
  expect(seen).toMatchObject({ roles: ['administrator'], permissions: [], proven: false })
  for (const login of ['old', 'nobody']) {
    for (let i = 0; i < 3; i++)
      expect(await signInOnce(login, 'wrong')).toMatchObject({ refusal: { code: 'staff.sign_in_refused' } })
    expect(await signInOnce(login, password)).toMatchObject({ refusal: { code: 'staff.too_many_failures' } })
  }
})

test('guesses that come at once are judged one after the other: three are, and no more [S05] [GLI-B.2.3g-i]', async () => {
  const outcomes = await Promise.all(Array.from({ length: 12 }, () => signInOnce('hopper', 'wrong')))
  const codes = outcomes.map((outcome) => 'refusal' in outcome && outcome.refusal.code)
  expect(codes.filter((code) => code === 'staff.sign_in_refused')).toHaveLength(3)
})

test('a link is worth nothing once whoever made it was shut out, or may not enrol any more', async () => {
  const { id } = await act((tx) => employ(tx, command(), { role: 'administrator' }))
  const offered = async () => (await act((tx) => staff.enrolmentLink(tx, by(id), { role: 'support' }))).secret
  const use = (secret: string) =>
    act((tx) => staff.enrolmentPasskey(tx, command(), { secret, login: 'shadow', password, rp, shown }))
  const [one, two] = [await offered(), await offered()]
  await expect(use(one)).resolves.toHaveProperty('challenge')
  await db.admin`update staff.grants set ended_at = now() where staff = ${id}`
  await expect(use(one)).rejects.toMatchObject({ code: 'staff.enrolment_unknown' })
  await db.admin`update staff.grants set ended_at = null where staff = ${id}`
  await db.admin`update staff.members set disabled_at = now() where staff = ${id}`
  await expect(use(two)).rejects.toMatchObject({ code: 'staff.enrolment_unknown' })
})

test('a word that no role of somebody has is refused, and what was allowed is remembered', () => {
  const used = new Set<staff.Permission>()
  const grace = { permissions: ['payments.approve'] as const, used }
  expect(() => staff.permit(grace, 'payments.approve')).not.toThrow()
  expect(() => staff.permit(grace, 'players.unmask_contact')).toThrow(
    expect.objectContaining({ code: 'staff.not_permitted' }),
  )
  expect([...used]).toEqual(['payments.approve'])
})

test('one who may approve enrols a second alone, and nobody a third in a privileged role: another has to approve it [S44] [S46]', async () => {
  await db.admin`update staff.members set disabled_at = now()`
  await db.admin`delete from staff.enrolments`
  const enrol = async (login: string, secret: string) => {
    const passkey = new SoftAuthenticator(rp.origin)
    const newcomer = { secret, login, password, rp, shown }
    const options = await act((tx) => staff.enrolmentPasskey(tx, command(), newcomer))
    const enrolled = await act((tx) => staff.enrol(tx, command(), { ...newcomer, passkey: passkey.create(options) }))
    if ('refusal' in enrolled) throw enrolled.refusal
    return { id: enrolled.staff, passkey }
  }
  const offer = async (id: string, role: string, proposal?: string) =>
    (await db.sql.begin((tx) => staff.offerPlace(tx, by(id), acts, { role, proposal }))).secret
  const { id: boss } = await enrol('boss', await offer('system', 'administrator'))
  const link = await offer(boss, 'administrator')
  // While the link is open, and after it was used, another has to want it.
  await expect(offer(boss, 'administrator')).rejects.toMatchObject({ code: 'staff.approval_absent' })
  const { id: second, passkey } = await enrol('second', link)
  await expect(offer(boss, 'security')).rejects.toMatchObject({ code: 'staff.approval_absent' })
  expect(await offer(boss, 'support')).toBeTruthy()

  const asked = await db.sql.begin((tx) =>
    staff.propose(tx, by(boss), acts, {
      act: 'staff.enrol',
      payload: { role: 'security', who: 'Sam' },
      reason: 'nights',
    }),
  )
  const { proposal, digest } = asked
  await expect(offer(boss, 'security', proposal)).rejects.toMatchObject({ code: 'staff.approval_absent' })
  const options = await act((tx) => staff.approvalChallenge(tx, by(second), acts, { proposal, rp }))
  await act((tx) => staff.approve(tx, by(second), acts, { proposal, digest, rp, passkey: passkey.get(options) }))
  for (const [id, role] of [
    [second, 'security'],
    [boss, 'administrator'],
  ] as const)
    await expect(offer(id, role, proposal)).rejects.toMatchObject({ code: 'staff.approval_absent' })
  expect(await offer(boss, 'security', proposal)).toBeTruthy()
  await expect(offer(boss, 'security', proposal)).rejects.toMatchObject({ code: 'staff.approval_absent' })
})

test('two members vouch at the console, each with their own password, and not the same one twice; who guesses at the desk keeps nobody from it [S44] [S05]', async () => {
  const login = 'boss'
  const vouch = (credentials: staff.Credential[]) =>
    db.sql.begin((tx) => staff.vouch(tx, command(), { act: 'rotate', permission: 'keys.manage', credentials }))
  for (const [credentials, code] of [
    [[{ login, password }], 'staff.vouchers_missing'],
    [
      [
        { login, password },
        { login, password },
      ],
      'staff.same_person',
    ],
    [
      [
        { login, password },
        { login: 'second', password: 'wrong' },
      ],
      'staff.sign_in_refused',
    ],
    [
      [
        { login, password },
        { login: 'stranger', password },
      ],
      'staff.sign_in_refused',
    ],
  ] as const)
    expect(await vouch([...credentials])).toMatchObject({ refusal: { code } })
  for (let i = 0; i < 5; i++) expect(await signInOnce(login, 'wrong')).toHaveProperty('refusal')
  const said = await vouch([
    { login, password },
    { login: 'second', password },
  ])
  expect(said).toMatchObject({ vouchers: [expect.any(String), expect.any(String)] })
})
