import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as access from '#access'
import { money } from '#base'
import * as cashier from '#cashier'
import * as games from '#games'
import * as ledger from '#ledger'
import * as protection from '#protection'
import * as staff from '#staff'
import { acts } from '../../core/host/acts.ts'
import { type Caller, type FaceAnswer, type Faces, openFaces } from '../support/faces.ts'
import { enrolAt } from '../support/staff.ts'

/** The acts that take two, through the operator face, each with what it does in the end. */
let faces: Faces
type Employee = Caller & Awaited<ReturnType<typeof enrolAt>>
const desk: Record<string, Employee> = {}
beforeAll(async () => {
  faces = await openFaces()
  for (const [name, role] of Object.entries({
    boss: 'administrator',
    ben: 'administrator',
    pay: 'payments',
    fin: 'finance',
    risk: 'risk',
    officer: 'compliance_officer',
    sue: 'support',
  }))
    desk[name] = await hire(role)
})
afterAll(() => faces.stop())

const eur = (amount: string) => ({ amount, currency: 'EUR' })

test('a balance is corrected by what two agreed to, and by nobody alone [CR-05] [S46] [GLI-B.3.2-1]', async () => {
  const { player, wallet } = await faces.world.player(1000n)
  const payload = { player, direction: 'debit', amount: eur('2.5') }
  const asked = await propose('pay', 'ledger.adjust', payload)
  expect(asked.body).toMatchObject({ state: 'open', mine: true, mayDecide: false })
  // What is signed is in full digits.
  expect(JSON.parse(String(asked.body.statement)).payload).toEqual({ ...payload, amount: eur('2.50') })
  expect(await approve('pay', asked)).toMatchObject({ status: 403 })
  expect(await approve('sue', asked)).toMatchObject({ status: 403, body: { code: 'staff.not_permitted' } })
  expect(await cash(wallet)).toBe(1000n)
  expect(await approve('fin', asked)).toMatchObject({ status: 200, body: { state: 'done' } })
  expect(await cash(wallet)).toBe(750n)
  const [booked] = await faces.world.sql<Array<{ entry: { detail: object; actor: object } }>>`
    select entry::json as entry from audit.events where code = 'ledger.adjusted' and player = ${player}`
  expect(booked!.entry).toMatchObject({ detail: { approval: asked.body.proposal }, actor: { id: desk.fin!.id } })

  const tooMuch = await propose('pay', 'ledger.adjust', { ...payload, amount: eur('9000') })
  expect(await approve('fin', tooMuch)).toMatchObject({ status: 422, body: { code: 'ledger.insufficient_funds' } })
  expect(await propose('sue', 'ledger.adjust', payload)).toMatchObject({ status: 403 })
  for (const amount of [eur('-2'), eur('0'), eur('1.234'), { amount: '1', currency: 'XXX' }])
    expect(await propose('pay', 'ledger.adjust', { ...payload, amount })).toMatchObject({
      status: 400,
      body: { code: 'staff.payload_invalid' },
    })
})

test('a large payout waits for a second, and so do small ones that are large together [S46]', async () => {
  const { player, wallet } = await faces.world.player(10_000_00n)
  const decide = async (who: string, amount: bigint) => {
    const id = await withdrawal(player, wallet, amount)
    const answer = await desk[who]!.ask('POST', `/api/withdrawals/${id}/approval`, { reason: 'looks right' })
    return { id, answer, state: async () => (await cashier.withdrawalOf(faces.world.sql, id)).state }
  }
  const small = await decide('pay', 1_999_99n)
  expect([small.answer.status, await small.state()]).toEqual([200, 'approved'])
  const next = await decide('pay', 10_00n)
  expect([next.answer.status, await next.state()]).toEqual([202, 'requested'])
  const large = await decide('boss', 2_000_00n)
  expect(large.answer).toMatchObject({ status: 202, body: { act: 'cashier.approve_payout', state: 'open' } })
  expect(JSON.parse(String(large.answer.body.statement)).payload).toEqual({
    withdrawal: large.id,
    player,
    amount: eur('2000.00'),
  })
  for (const who of ['boss', 'pay']) expect((await approve(who, large.answer)).status).toBe(403)
  expect(await large.state()).toBe('requested')
  expect(await approve('fin', large.answer)).toMatchObject({ status: 200, body: { state: 'done' } })
  expect(await large.state()).toBe('approved')

  // Nor do many small ones that are approved at one time.
  const rich = await faces.world.player(10_000_00n)
  const ids: string[] = []
  for (let i = 0; i < 6; i++) ids.push(await withdrawal(rich.player, rich.wallet, 1_000_00n))
  const answers = await Promise.all(
    ids.map((id) => desk.pay!.ask('POST', `/api/withdrawals/${id}/approval`, { reason: 'looks right' })),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)

  // Nobody gets around it with another's approval, or none.
  const other = await withdrawal(player, wallet, 2_000_00n)
  const { world } = faces
  for (const approval of [undefined, String(large.answer.body.proposal)])
    await expect(
      world.act((tx) =>
        cashier.approve(tx, world.command(), { withdrawal: other, reason: 'x', ...(approval ? { approval } : {}) }),
      ),
    ).rejects.toMatchObject({ code: approval ? 'staff.approval_absent' : 'cashier.takes_two' })
})

test('a limit of the house stands beside the player’s own, the tighter decides, and it takes two to set or lift [GLI-2.5.5b]', async () => {
  const { world } = faces
  const { player, wallet } = await world.player()
  await world.act((tx) => protection.setLimit(tx, world.command(), { player, wallet, period: 'day', amount: 500n }))
  const may = (amount: bigint) =>
    world
      .act((tx) => protection.allowDeposit(tx, world.command(), { player, amount }))
      .then(
        () => true,
        () => false,
      )
  const impose = async (amount: string | null) => {
    const asked = await propose('risk', 'protection.impose_limit', {
      player,
      period: 'day',
      amount: amount && eur(amount),
    })
    expect((await approve('risk', asked)).status).toBe(403)
    expect((await approve('officer', asked)).status).toBe(200)
  }
  await impose('2.00')
  expect([await may(200n), await may(201n)]).toEqual([true, false])
  await impose('100.00')
  expect([await may(500n), await may(501n)]).toEqual([true, false])
  await impose(null)
  expect([await may(500n), await may(501n)]).toEqual([true, false])
})

test('who is to make a new passkey is out of every app too, since somebody else may have what they lost', async () => {
  const { world } = faces
  const lost = await hire('support')
  const signOn = { kind: 'RefreshToken', id: 'of-an-app', payload: { accountId: lost.id, grantId: 'g1' } }
  await world.act((tx) => access.keep(tx, { ...signOn, expiresAt: new Date(Date.now() + 3_600_000) }))
  const asked = await propose('ben', 'staff.reset_passkeys', { staff: lost.id })
  expect(await approve('boss', asked)).toMatchObject({ status: 200, body: { state: 'done' } })
  expect(await access.find(world.sql, signOn, new Date())).toBeUndefined()
  expect(await lost.ask('GET', '/api/me')).toMatchObject({ status: 401 })
})

test('a passkey is added and taken away only soon after signing in: a desk that was left open makes no new way in [S20]', async () => {
  const { world } = faces
  const left = await hire('support')
  await world.admin`update staff.sessions set begun_at = begun_at - interval '11 minutes' where staff = ${left.id}`
  const { passkeys } = (await left.ask('GET', '/api/passkeys')).body as { passkeys: Array<{ passkey: string }> }
  const made = { label: 'mine', passkey: { id: 'x' } }
  for (const [method, path, body] of [
    ['POST', '/api/passkeys/options', undefined],
    ['POST', '/api/passkeys', made],
    ['DELETE', `/api/passkeys/${passkeys[0]!.passkey}`, undefined],
  ] as const)
    expect(await left.ask(method, path, body)).toMatchObject({ status: 403, body: { code: 'staff.sign_in_again' } })
})

test('a text that no database takes is refused in words, wherever it is put', async () => {
  const asked = await propose('pay', 'staff.elevate', { role: 'finance', minutes: 5 })
  const path = `/api/proposals/${asked.body.proposal}`
  for (const [who, to, body] of [
    ['pay', `${path}/withdrawal`, { reason: 'why \u0000 not' }],
    ['boss', '/api/enrolments', { role: 'administrator', proposal: '\u0000' }],
    ['boss', '/api/proposals', { act: 'staff.elevate', payload: { '\u0000': 1 }, reason: 'why not' }],
  ] as const) {
    const { status, body: problem } = await desk[who]!.ask('POST', to, body)
    expect([status, problem.code], to).toEqual([400, 'request.malformed_text'])
  }
  const fine = { reason: 'a backslash and a number: \\u0000' }
  expect(await desk.pay!.ask('POST', `${path}/withdrawal`, fine)).toMatchObject({ status: 200 })
})

test('what a role permits changes by two, and holds for the very next request of an open session [S22] [S46]', async () => {
  const look = async (who: string) => (await desk[who]!.ask('GET', '/api/house/balances')).status
  expect(await look('sue')).toBe(403)
  const grant = await propose('boss', 'staff.grant', { staff: desk.sue!.id, role: 'game_manager' })
  expect((await approve('boss', grant)).status).toBe(403)
  expect((await approve('ben', grant)).status).toBe(200)
  expect(await look('sue')).toBe(200)
  const change = await propose('boss', 'staff.set_role', {
    role: 'game_manager',
    title: 'Game manager',
    permissions: ['program.view'],
  })
  expect((await approve('ben', change)).status).toBe(200)
  expect(await look('sue')).toBe(403)
  // Nobody approves what makes themselves more.
  const forBen = await propose('boss', 'staff.grant', { staff: desk.ben!.id, role: 'auditor' })
  expect(await approve('ben', forBen)).toMatchObject({ status: 403, body: { code: 'staff.not_your_own' } })
})

test('a role for some minutes, asked for by whoever needs it, ends by itself', async () => {
  const look = async () => (await desk.sue!.ask('GET', '/api/audit?limit=1')).status
  expect(await look()).toBe(403)
  for (const minutes of [0, 4, 481, 1.5])
    expect((await propose('sue', 'staff.elevate', { role: 'auditor', minutes })).status).toBe(400)
  const asked = await propose('sue', 'staff.elevate', { role: 'auditor', minutes: 30 })
  expect((await approve('ben', asked)).status).toBe(200)
  expect(await look()).toBe(200)
  await faces.world
    .admin`update staff.grants set until = now() - interval '1 second' where staff = ${desk.sue!.id} and until is not null`
  expect(await look()).toBe(403)
})

test('a machine is let in, changed and taken out by two, and by nobody alone [S46]', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const data = {
    kind: 'machine',
    name: 'Reporting tool',
    authentication: 'key',
    keys: [publicKey.export({ format: 'jwk' })],
    binding: 'dpop',
    scopes: ['books.read'],
  }
  const scopesOf = async () => (await access.findClient(faces.world.sql, 'reports'))?.scopes
  expect((await propose('sue', 'access.add_client', { client: 'reports', data })).status).toBe(403)
  const asked = await propose('boss', 'access.add_client', { client: 'reports', data })
  expect((await approve('boss', asked)).status).toBe(403)
  expect((await approve('sue', asked)).status).toBe(403)
  expect(await scopesOf()).toBeUndefined()
  expect(await approve('ben', asked)).toMatchObject({ status: 200, body: { state: 'done' } })
  expect(await scopesOf()).toEqual(['books.read'])
  const [event] = await faces.world.sql<Array<{ entry: { detail: object } }>>`
    select entry::json as entry from audit.events where code = 'access.client_added'`
  expect(event!.entry.detail).toMatchObject({ approvedBy: [desk.boss!.id, desk.ben!.id] })

  const wrong = await propose('boss', 'access.change_client', { client: 'reports', data: { ...data, scopes: ['all'] } })
  expect(await approve('ben', wrong)).toMatchObject({ status: 400, body: { code: 'access.client_invalid' } })
  const change = await propose('boss', 'access.change_client', { client: 'reports', data: { ...data, scopes: [] } })
  expect((await approve('ben', change)).status).toBe(200)
  expect(await scopesOf()).toEqual([])
  const removal = await propose('boss', 'access.remove_client', { client: 'reports' })
  expect((await approve('ben', removal)).status).toBe(200)
  expect(await scopesOf()).toBeUndefined()
})

test('one closes a game at once; opening it takes two, and so does another version, whose return is signed; each change is stamped, with what held before and after [S46] [GLI-A.5.1e-2]', async () => {
  const { world } = faces
  const [roulette] = games.catalogue()
  const { id: game, version } = roulette!
  const rtp = games.returnOf(roulette!)
  const state = async () => {
    const found = (await desk.sue!.ask('GET', '/api/games')).body.games as Array<{ game: string; state: string }>
    return found.find((each) => each.game === game)?.state
  }
  const close = (who: string) => desk[who]!.ask('POST', `/api/games/${game}/closure`, { reason: 'looks odd' })
  expect((await close('sue')).status).toBe(403)
  expect((await close('risk')).status).toBe(200)
  expect(await state()).toBe('closed')
  const lobby = async () => (await faces.caller('player').ask('GET', `/api/games/${game}`)).body.open
  expect(await lobby()).toBe(false)
  expect((await propose('officer', 'games.open', { game })).status).toBe(403) // may approve, not ask
  const opening = await propose('boss', 'games.open', { game })
  expect((await approve('boss', opening)).status).toBe(403)
  expect((await approve('officer', opening)).status).toBe(200)
  expect([await state(), await lobby()]).toEqual(['open', true])

  expect((await desk.sue!.ask('POST', '/api/play/closure', { reason: 'looks odd' })).status).toBe(403)
  expect((await desk.risk!.ask('POST', '/api/play/closure', { reason: 'looks odd' })).status).toBe(200)
  expect([await state(), await lobby()]).toEqual(['closed', false])
  const allPlay = await propose('boss', 'games.open', { game: '*' })
  expect((await approve('officer', allPlay)).status).toBe(200)
  expect([await state(), await lobby()]).toEqual(['open', true])

  await world.admin`
    insert into games.offers (game, version, rtp, since) values (${game}, '00000000000000aa', '95 %', now())
    on conflict (game) do update set version = excluded.version, rtp = excluded.rtp`
  expect(await state()).toBe('waits')
  const lie = await propose('boss', 'games.offer', { game, version, rtp: '99 %' })
  expect(await approve('officer', lie)).toMatchObject({ status: 422, body: { code: 'games.return_differs' } })
  const other = await propose('boss', 'games.offer', { game, version: '00000000000000bb', rtp })
  expect(await approve('officer', other)).toMatchObject({ status: 422, body: { code: 'games.version_unknown' } })
  const offer = await propose('boss', 'games.offer', { game, version, rtp })
  const approvedFrom = Date.now()
  expect((await approve('officer', offer)).status).toBe(200)
  expect(await state()).toBe('open')
  const [event] = await world.sql<Array<{ entry: { at: string } }>>`
    select entry::json as entry from audit.events where code = 'games.version_offered'`
  const stamped = Date.parse(event!.entry.at)
  expect(stamped >= approvedFrom && stamped <= Date.now(), 'when one rule ends and the next begins').toBe(true)
  const standing = (await games.standings(world.sql)).find(({ game: each }) => each.id === game)!
  expect(standing.offered, 'the rule of now, and since when').toEqual({ version, rtp, since: new Date(stamped) })
  expect(event!.entry).toMatchObject({
    before: { version: '00000000000000aa', rtp: '95 %' },
    after: { version, rtp },
    detail: { proposal: offer.body.proposal },
  })
})

test('what is done with keys is approved for the console alone: exactly that, once, within the day [S44] [S46]', async () => {
  const { world } = faces
  const about = { family: 'kek-pii' }
  expect((await propose('risk', 'keys.rotate', about)).status).toBe(403)
  for (const [act, payload] of [
    ['keys.rotate', { family: 'kek-everything' }],
    ['keys.destroy', { key: '../kek-pii-1' }],
    ['keys.ceremony', { custodians: ['ada'], threshold: 1 }],
  ] as const)
    expect((await propose('boss', act, payload)).status, act).toBe(400)
  const use = (proposal: unknown, act: string, wanted: object) =>
    world.act((tx) =>
      staff.useApproval(tx, world.command(), acts, { proposal: String(proposal), act, about: { ...wanted } }),
    )
  const asked = await propose('boss', 'keys.rotate', about)
  const { proposal } = asked.body
  await expect(use(proposal, 'keys.rotate', about)).rejects.toMatchObject({ code: 'staff.approval_absent' })
  expect((await approve('boss', asked)).status).toBe(403)
  expect(await approve('ben', asked)).toMatchObject({ status: 200, body: { state: 'approved' } })
  await expect(use(proposal, 'keys.rotate', { family: 'hk-pepper' })).rejects.toMatchObject({
    code: 'staff.approval_absent',
  })
  await expect(use(proposal, 'keys.destroy', { key: 'kek-pii-1', early: false })).rejects.toMatchObject({
    code: 'staff.approval_absent',
  })
  expect(await use(proposal, 'keys.rotate', about)).toEqual({ proposedBy: desk.boss!.id, decidedBy: desk.ben!.id })
  await expect(use(proposal, 'keys.rotate', about)).rejects.toMatchObject({ code: 'staff.approval_absent' })
})

test('a closed account is erased by what two agreed to, and may be opened again until then [S46] [S59]', async () => {
  const { player } = await faces.world.player()
  const ask = (who: string, method: string, path: string) =>
    desk[who]!.ask(method, `/api/players/${player}/${path}`, method === 'GET' ? undefined : { reason: 'asked for' })
  const agreed = async () => {
    const { erases, keeps } = (await ask('sue', 'GET', 'erasure')).body as {
      erases: string[]
      keeps: Array<{ purpose: string; until: string }>
    }
    return { player, erases, keeps: keeps.map(({ purpose, until }) => ({ purpose, until: until.slice(0, 10) })) }
  }
  expect((await agreed()).erases, 'of an open account').toEqual([])
  expect((await ask('sue', 'POST', 'closure')).status).toBe(200)
  const early = await propose('sue', 'privacy.erase', { ...(await agreed()), keeps: [] })
  expect(await approve('officer', early), 'another outlook').toMatchObject({
    body: { code: 'privacy.outlook_changed' },
  })
  expect((await ask('sue', 'POST', 'reinstatement')).status).toBe(200)
  expect((await ask('sue', 'POST', 'closure')).status).toBe(200)

  const asked = await propose('sue', 'privacy.erase', await agreed())
  expect(await approve('risk', asked)).toMatchObject({ status: 403 })
  expect(await approve('officer', asked)).toMatchObject({ status: 200, body: { state: 'done' } })
  expect((await ask('sue', 'GET', 'erasure')).body).toMatchObject({ decidedAt: expect.any(String), erases: [] })
  expect(await ask('sue', 'POST', 'reinstatement')).toMatchObject({ body: { code: 'privacy.decided_already' } })
})

test('proposals are seen by who asked, who may approve, and who reviews', async () => {
  const asked = await propose('pay', 'ledger.adjust', {
    player: (await faces.world.player()).player,
    direction: 'credit',
    amount: eur('1.00'),
  })
  const sees = async (who: string) => {
    const { body } = await desk[who]!.ask('GET', '/api/proposals?waiting=true')
    const found = (body.proposals as Array<{ proposal: string; mayDecide: boolean }>).find(
      ({ proposal }) => proposal === asked.body.proposal,
    )
    return found?.mayDecide
  }
  expect(await sees('pay')).toBe(false)
  expect(await sees('fin')).toBe(true)
  expect(await sees('boss')).toBe(true)
  expect(await sees('officer')).toBe(false)
  expect(await sees('risk')).toBeUndefined()
})

function propose(who: string, act: string, payload: object) {
  return desk[who]!.ask('POST', '/api/proposals', { act, payload, reason: 'a good reason' })
}

async function approve(who: string, asked: { body: Record<string, unknown> }): Promise<FaceAnswer> {
  const path = `/api/proposals/${asked.body.proposal}`
  const member = desk[who]!
  const options = await member.ask('POST', `${path}/challenge`)
  if (options.status !== 200) return options
  const passkey = member.passkey.get(options.body as never)
  return member.ask('POST', `${path}/approval`, { digest: asked.body.digest, passkey })
}

async function cash(wallet: bigint): Promise<bigint> {
  return (await ledger.balance(faces.world.sql, wallet)).cash
}

async function withdrawal(player: string, wallet: bigint, amount: bigint): Promise<string> {
  const { world } = faces
  let [card] = await cashier.instruments(world.sql, world.agent.keys, player)
  if (!card) {
    const paid = money(2000n, 'EUR')
    const { id } = await world.act((tx) =>
      cashier.deposit(tx, world.command(), { player, wallet, amount: paid, gateway: 'sandbox' }),
    )
    await world.act((tx) =>
      cashier.apply(tx, world.command(), 'sandbox', {
        id: `evt_${id}`,
        type: 'payment.succeeded',
        reference: id,
        object: `pay_${id}`,
        amount: paid,
        authorisation: 'A1',
        instrument: { token: `tok_${id}`, brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada' },
      }),
    )
    ;[card] = await cashier.instruments(world.sql, world.agent.keys, player)
  }
  const wish = { player, wallet, amount: money(amount, 'EUR'), instrument: card!.id }
  return (await world.act((tx) => cashier.withdraw(tx, world.command(), wish))).id
}

async function hire(role: string): Promise<Employee> {
  const { world } = faces
  const { secret } = await world.act((tx) => staff.enrolmentLink(tx, world.command(), { role }))
  const caller = faces.caller('operator')
  return { ...caller, ...(await enrolAt(caller, { secret })) }
}
