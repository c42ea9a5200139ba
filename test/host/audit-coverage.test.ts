import { createPrivateKey, createPublicKey, randomBytes, sign as signWith } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { money, systemCommand } from '#base'
import * as cashier from '#cashier'
import * as pki from '#pki'
import * as players from '#players'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { sealOnce } from '../../core/host/sealer.ts'
import { sign } from '../../core/host/signature.ts'
import { freshCode, SoftAuthenticator } from '../support/authenticator.ts'
import { until } from '../support/client.ts'
import { type Caller, type FaceAnswer, type Faces, openFaces } from '../support/faces.ts'
import { routesOf } from '../support/routes.ts'
import { mailedCode } from '../support/sign-in.ts'
import { lastSms } from '../support/sms.ts'
import { newLogin, signedApproval, staffPassword } from '../support/staff.ts'

/** Every route says what it writes into the log, and a run of each shows that it does. */
let faces: Faces
let boss: Employee
let second: Employee
let ada: Awaited<ReturnType<typeof arrive>>
/** What makes a bet large here. */
const largeFrom = { stake: '500.00', win: '500.00' }
beforeAll(async () => {
  faces = await openFaces(largeFrom)
  boss = await hire('administrator')
  second = await hire('administrator')
  ada = await arrive(10_000_00n)
})
afterAll(() => faces.stop())

/** Whatever falls, one of these wins. */
function betLarge(rounds: string): Promise<FaceAnswer> {
  const chips = { red: '250.00', black: '250.00', 'straight:0': '15.00' }
  const bets = Object.entries(chips).map(([on, amount]) => ({ on, amount }))
  return ada.caller.ask('POST', `/api/games/roulette-european/${rounds}`, { bets })
}

function agree(clientSeed: string): Promise<FaceAnswer> {
  return ada.caller.ask('POST', '/api/games/roulette-european/seeds', { clientSeed })
}

const declared = (['player', 'operator', 'partner'] as const).flatMap((face) =>
  routesOf(face).map((route) => ({ ...route, face, name: `${face} ${route.method.toUpperCase()} ${route.path}` })),
)
/** Reading what is one's own is no event; on the operator face reading counts too. */
const accountable = declared.filter(({ face, method }) => method !== 'get' || face === 'operator')

test('every route that changes something, and every one of staff, declares its events or says why there are none [S49]', () => {
  expect(accountable.length).toBeGreaterThan(25)
  for (const { name, events, exception } of accountable) {
    expect(events, name).toBeDefined()
    expect(events!.length > 0 || (exception ?? '').length > 10, name).toBe(true)
    for (const code of events!) expect(audit.kindOf(code), `${name}: ${code}`).toBeDefined()
  }
})

const proven = new Set<string>()

/** What each route is seen to write: a run, and the codes it leaves behind. */
const runs: Array<[name: string, run: () => Promise<FaceAnswer>, codes: audit.Code[]]> = [
  [
    'player POST /api/registrations',
    async () => faces.caller('player').ask('POST', '/api/registrations', await faces.world.registration()),
    ['players.registered', 'sessions.password_set'],
  ],
  [
    'player POST /api/registrations',
    async () =>
      faces.caller('player').ask('POST', '/api/registrations', await faces.world.registration({ email: ada.email })),
    ['players.registration_repeated'],
  ],
  ['player POST /api/registrations', replaceRegistration, ['players.registration_replaced', 'sessions.password_set']],
  ['player POST /api/registrations/confirmation', confirm, ['players.email_confirmed']],
  [
    'player POST /api/registrations/confirmation',
    () =>
      faces
        .caller('player')
        .ask('POST', '/api/registrations/confirmation', { email: 'nobody@example.com', code: '000000', password: 'x' }),
    ['players.confirmation_refused'],
  ],
  [
    'player POST /api/registrations/code',
    () => faces.caller('player').ask('POST', '/api/registrations/code', { email: 'nobody@example.com' }),
    ['players.confirmation_asked'],
  ],
  [
    'player POST /api/sessions',
    () => ada.caller.ask('POST', '/api/sessions', { email: ada.email, password: ada.password }),
    ['sessions.begun', 'sessions.ended'],
  ],
  [
    'player POST /api/sessions/step-up',
    () => ada.caller.ask('POST', '/api/sessions/step-up', { factor: 'password', password: ada.password }),
    ['sessions.stepped_up'],
  ],
  [
    'player POST /api/sessions/step-up',
    async () => {
      const { caller } = await arrive()
      const wrong = () => caller.ask('POST', '/api/sessions/step-up', { factor: 'password', password: 'wrong' })
      await wrong()
      await wrong()
      return wrong()
    },
    ['sessions.ended', 'sessions.step_up_refused'],
  ],
  [
    'player POST /api/sessions',
    () => faces.caller('player').ask('POST', '/api/sessions', { email: 'nobody@example.com', password: 'wrong' }),
    ['sessions.sign_in_refused'],
  ],
  [
    'player DELETE /api/sessions/current',
    async () => (await arrive()).caller.ask('DELETE', '/api/sessions/current'),
    ['sessions.ended'],
  ],
  [
    'player POST /api/sessions',
    async () => {
      const { email, password } = await arrive()
      return faces.caller('player').ask('POST', '/api/sessions', { email, password })
    },
    ['sessions.second_factor_asked'],
  ],
  ['player POST /api/sessions', unlock, ['sessions.begun', 'sessions.unlocked']],
  [
    'player POST /api/sessions/code',
    () => faces.caller('player').ask('POST', '/api/sessions/code', { email: 'nobody@example.com' }),
    ['sessions.code_asked'],
  ],
  [
    'player POST /api/sessions/step-up/code',
    () => ada.caller.ask('POST', '/api/sessions/step-up/code'),
    ['sessions.code_asked'],
  ],
  [
    'player POST /api/sessions/passkey',
    () => faces.caller('player').ask('POST', '/api/sessions/passkey', { response: {} }),
    ['factors.refused', 'sessions.sign_in_refused'],
  ],
  [
    'player DELETE /api/devices/{device}',
    async () => {
      const { caller } = await arrive()
      const { devices } = (await caller.ask('GET', '/api/devices')).body as { devices: Array<{ device: string }> }
      return caller.ask('DELETE', `/api/devices/${devices[0]!.device}`)
    },
    ['sessions.device_ended'],
  ],
  [
    'player DELETE /api/sessions',
    async () => (await arrive()).caller.ask('DELETE', '/api/sessions'),
    ['sessions.all_ended'],
  ],
  [
    'player PUT /api/limits/{period}',
    () => ada.caller.ask('PUT', '/api/limits/day', { amount: '100.00' }),
    ['protection.limit_set'],
  ],
  [
    'player PUT /api/limits/{period}',
    () => ada.caller.ask('PUT', '/api/limits/day', { amount: '200.00' }),
    ['protection.limit_loosening_asked'],
  ],
  [
    'player POST /api/breaks',
    async () => (await arrive()).caller.ask('POST', '/api/breaks', { hours: 24 }),
    ['protection.cool_off'],
  ],
  [
    'player POST /api/exclusions',
    async () => (await arrive()).caller.ask('POST', '/api/exclusions', { months: 6 }),
    ['protection.self_exclusion'],
  ],
  [
    'player POST /api/factors/passkeys',
    async () => {
      const { caller, options } = await asksForPasskey()
      return caller.ask('POST', '/api/factors/passkeys', {
        response: new SoftAuthenticator(origin).create(options),
        label: 'Key',
      })
    },
    ['factors.added'],
  ],
  [
    'player POST /api/factors/passkeys',
    async () => (await asksForPasskey()).caller.ask('POST', '/api/factors/passkeys', { response: {}, label: 'Key' }),
    ['factors.refused'],
  ],
  [
    'player POST /api/factors/apps',
    async () => (await withShown()).caller.ask('POST', '/api/factors/apps'),
    ['factors.offered'],
  ],
  [
    'player POST /api/factors/apps/{factor}/confirmation',
    async () => {
      const { caller, app } = await offeredApp()
      return caller.ask('POST', `/api/factors/apps/${app.factor}/confirmation`, {
        code: await freshCode(app.secret),
        label: 'App',
      })
    },
    ['factors.added'],
  ],
  [
    'player POST /api/factors/apps/{factor}/confirmation',
    async () => {
      const { caller, app } = await offeredApp()
      return caller.ask('POST', `/api/factors/apps/${app.factor}/confirmation`, { code: 'abcdef', label: 'App' })
    },
    ['factors.refused'],
  ],
  [
    'player POST /api/factors/phones',
    async () => (await withShown()).caller.ask('POST', '/api/factors/phones', { phone: '+356 2123 4567' }),
    ['factors.offered', 'factors.code_sent'],
  ],
  ['player POST /api/factors/phones/{factor}/confirmation', () => confirmPhone(), ['factors.added']],
  ['player POST /api/factors/phones/{factor}/confirmation', () => confirmPhone('abcdef'), ['factors.refused']],
  [
    'player PATCH /api/factors/{factor}',
    async () => {
      const { caller, factor } = await withPasskey()
      return caller.ask('PATCH', `/api/factors/${factor}`, { label: 'Another name' })
    },
    ['factors.renamed'],
  ],
  [
    'player DELETE /api/factors/{factor}',
    async () => {
      const { caller, factor } = await withPasskey()
      await caller.ask('POST', '/api/factors/recovery-codes')
      return caller.ask('DELETE', `/api/factors/${factor}`)
    },
    ['factors.removed'],
  ],
  [
    'player POST /api/factors/recovery-codes',
    async () => (await withShown()).caller.ask('POST', '/api/factors/recovery-codes'),
    ['factors.recovery_codes_made'],
  ],
  [
    'player DELETE /api/password',
    async () => {
      const { caller } = await withPasskey()
      await caller.ask('POST', '/api/factors/recovery-codes')
      return caller.ask('DELETE', '/api/password')
    },
    ['sessions.password_removed'],
  ],
  [
    'player POST /api/deposits',
    () => ada.caller.ask('POST', '/api/deposits', { amount: { amount: '20.00', currency: 'EUR' } }),
    ['cashier.deposit_asked'],
  ],
  [
    'player POST /api/withdrawals',
    async () => {
      await faces.world.showAll(ada.player) // nothing was paid to this card yet
      return ada.caller.ask('POST', '/api/withdrawals', {
        amount: { amount: '20.00', currency: 'EUR' },
        instrument: await card(ada.player),
      })
    },
    ['cashier.withdrawal_asked'],
  ],
  ['player POST /api/games/{game}/rounds', () => betLarge('rounds'), ['games.large_stake', 'games.large_win']],
  ['player POST /api/games/{game}/seeds', () => agree('one'), ['games.seeds_committed']],
  ['player POST /api/games/{game}/seeds', () => agree('two'), ['games.seeds_committed', 'games.seeds_revealed']],
  [
    'player POST /api/games/{game}/fair-rounds',
    () => betLarge('fair-rounds'),
    ['games.large_stake', 'games.large_win'],
  ],
  [
    'player DELETE /api/games/{game}/seeds',
    () => ada.caller.ask('DELETE', '/api/games/roulette-european/seeds'),
    ['games.seeds_revealed'],
  ],
  [
    'operator POST /api/enrolments',
    () => boss.ask('POST', '/api/enrolments', { role: 'support' }),
    ['staff.enrolment_offered'],
  ],
  [
    'operator POST /api/enrolments',
    async () => {
      const { proposal } = await approved('staff.enrol', { role: 'security', who: 'Sam' })
      return boss.ask('POST', '/api/enrolments', { role: 'security', proposal })
    },
    ['staff.approval_used', 'staff.enrolment_offered'],
  ],
  [
    'operator POST /api/staff/reviews',
    async () => {
      const { digest } = (await boss.ask('GET', '/api/staff')).body
      return boss.ask('POST', '/api/staff/reviews', { digest, finding: 'as it should be' })
    },
    ['staff.access_reviewed'],
  ],
  [
    'operator POST /api/staff/{staff}/dismissal',
    async () => {
      const { answer, login: component } = await enrol('support')
      await faces.world.admin.begin((tx) => pki.offer(tx, systemCommand('test'), { role: 'staff', component }))
      return boss.ask('POST', `/api/staff/${answer.body.staff}/dismissal`, { reason: 'left' })
    },
    ['staff.disabled', 'pki.component_dismissed'],
  ],
  [
    'operator POST /api/emergencies/{emergency}/review',
    async () => {
      const reason = 'everybody else is ill'
      await faces.world.admin.begin((tx) => staff.breakGlassForPlace(tx, systemCommand('test'), { reason }))
      const [open] = await staff.emergencies(faces.world.sql)
      return boss.ask('POST', `/api/emergencies/${open!.emergency}/review`, { finding: 'it was so' })
    },
    ['staff.emergency_reviewed'],
  ],
  ['operator POST /api/proposals', () => proposed(), ['staff.proposed']],
  [
    'operator POST /api/proposals/{proposal}/approval',
    async () => (await approved('staff.enrol', { role: 'security', who: 'Sam' })).answer,
    ['factors.used', 'staff.proposal_approved'],
  ],
  ['operator POST /api/proposals/{proposal}/approval', approvedWrongly, ['factors.refused']],
  [
    'operator POST /api/proposals/{proposal}/rejection',
    async () => {
      const { proposal } = (await proposed()).body
      return second.ask('POST', `/api/proposals/${proposal}/rejection`, { reason: 'not now' })
    },
    ['staff.proposal_rejected'],
  ],
  [
    'operator POST /api/proposals/{proposal}/withdrawal',
    async () => {
      const { proposal } = (await proposed()).body
      return boss.ask('POST', `/api/proposals/${proposal}/withdrawal`, { reason: 'not now' })
    },
    ['staff.proposal_withdrawn'],
  ],
  [
    'operator POST /api/withdrawals/{id}/approval',
    async () =>
      boss.ask('POST', `/api/withdrawals/${await withdrawal(undefined, 2_000_00n)}/approval`, { reason: 'fine' }),
    ['staff.proposed'],
  ],
  [
    'operator POST /api/enrolments/use',
    async () => (await enrol('auditor')).answer,
    ['factors.added', 'staff.enrolled'],
  ],
  ['operator POST /api/enrolments/use', async () => enrolWrongly(), ['factors.refused']],
  [
    'operator POST /api/sessions',
    async () => {
      const { caller, passkey } = await enrol('support')
      return signIn(caller, passkey)
    },
    ['factors.used', 'staff.signed_in'],
  ],
  [
    'operator POST /api/sessions',
    () => faces.caller('operator').ask('POST', '/api/sessions', { passkey: { id: 'guess' } }),
    ['factors.refused'],
  ],
  ['operator POST /api/passkeys', () => addPasskey(), ['factors.added']],
  ['operator POST /api/passkeys', () => addPasskey(undefined, 'https://evil.example'), ['factors.refused']],
  [
    'operator PATCH /api/passkeys/{passkey}',
    async () => boss.ask('PATCH', `/api/passkeys/${(await addPasskey()).body.passkey}`, { label: 'At home' }),
    ['factors.renamed'],
  ],
  [
    'operator DELETE /api/passkeys/{passkey}',
    async () => boss.ask('DELETE', `/api/passkeys/${(await addPasskey()).body.passkey}`),
    ['factors.removed'],
  ],
  [
    'operator POST /api/sessions',
    () => faces.caller('operator').ask('POST', '/api/sessions', { login: 'nobody', password: 'wrong' }),
    ['staff.sign_in_refused'],
  ],
  [
    'operator DELETE /api/sessions/current',
    async () => (await hire('support')).ask('DELETE', '/api/sessions/current'),
    ['staff.signed_out'],
  ],
  ['operator GET /api/players', () => boss.ask('GET', `/api/players?email=${ada.email}`), ['players.searched']],
  [
    'operator GET /api/players/{player}',
    () => boss.ask('GET', `/api/players/${ada.player}`),
    ['players.viewed_masked'],
  ],
  [
    'operator GET /api/players/{player}',
    () => boss.ask('GET', `/api/players/${ada.player}?reason=complaint`),
    ['players.viewed_in_full'],
  ],
  [
    'operator GET /api/players/{player}/instruments',
    () => boss.ask('GET', `/api/players/${ada.player}/instruments`),
    ['cashier.instruments_viewed_masked'],
  ],
  [
    'operator GET /api/players/{player}/instruments',
    () => boss.ask('GET', `/api/players/${ada.player}/instruments?reason=complaint`),
    ['cashier.instruments_viewed_in_full'],
  ],
  [
    'operator POST /api/players/{player}/suspension',
    () => suspend('suspension'),
    ['players.suspended', 'sessions.all_ended'],
  ],
  ['operator POST /api/players/{player}/reinstatement', () => suspend('reinstatement'), ['players.reinstated']],
  [
    'operator POST /api/players/{player}/password-reset',
    async () => boss.ask('POST', `/api/players/${(await arrive()).player}/password-reset`, { reason: 'a reason' }),
    ['sessions.reset_asked'],
  ],
  ['operator POST /api/players/{player}/mail-again', () => suspend('mail-again'), ['messages.address_trusted']],
  [
    'player PUT /api/residence',
    async () =>
      (await withShown()).caller.ask('PUT', '/api/residence', {
        street: '1 Mint',
        city: 'Valletta',
        postalCode: 'VLT',
      }),
    ['players.profile_changed'],
  ],
  [
    'player POST /api/data-export',
    async () => (await withShown()).caller.ask('POST', '/api/data-export'),
    ['players.data_exported'],
  ],
  [
    'player POST /api/erasure-request',
    async () => (await withShown()).caller.ask('POST', '/api/erasure-request'),
    ['players.erasure_asked'],
  ],
  [
    'operator POST /api/players/{player}/closure',
    async () => boss.ask('POST', `/api/players/${(await arrive()).player}/closure`, { reason: 'asked for' }),
    ['players.closed', 'sessions.all_ended'],
  ],
  [
    'operator POST /api/players/{player}/erasure-answer',
    async () => {
      const { player, caller } = await withShown()
      await caller.ask('POST', '/api/erasure-request')
      return boss.ask('POST', `/api/players/${player}/erasure-answer`, { reason: 'kept by law until 2031' })
    },
    ['players.erasure_answered'],
  ],
  [
    'operator POST /api/withdrawals/{id}/approval',
    async () => boss.ask('POST', `/api/withdrawals/${await withdrawal()}/approval`, { reason: 'looks right' }),
    ['cashier.withdrawal_approved'],
  ],
  [
    'operator POST /api/withdrawals/{id}/rejection',
    async () => boss.ask('POST', `/api/withdrawals/${await withdrawal()}/rejection`, { reason: 'looks wrong' }),
    ['cashier.withdrawal_rejected'],
  ],
  [
    'operator POST /api/withdrawals/{id}/resending',
    async () =>
      boss.ask('POST', `/api/withdrawals/${await withdrawal('unknown')}/resending`, { reason: 'gateway said so' }),
    ['cashier.withdrawal_resent'],
  ],
  [
    'operator POST /api/deposits/{id}/release',
    async () => boss.ask('POST', `/api/deposits/${await heldDeposit()}/release`, { reason: 'looked at' }),
    ['cashier.deposit_released'],
  ],
  [
    'operator GET /api/players/{player}/balance',
    () => boss.ask('GET', `/api/players/${ada.player}/balance`),
    ['ledger.balance_viewed'],
  ],
  [
    'operator GET /api/players/{player}/statement',
    () => boss.ask('GET', `/api/players/${ada.player}/statement`),
    ['ledger.statement_viewed'],
  ],
  [
    'operator GET /api/players/{player}/statement.csv',
    () => boss.ask('GET', `/api/players/${ada.player}/statement.csv?reason=asked`),
    ['ledger.statement_exported'],
  ],
  ['operator GET /api/house/balances', () => boss.ask('GET', '/api/house/balances'), ['ledger.house_viewed']],
  ['operator GET /api/house/entries.csv', () => boss.ask('GET', '/api/house/entries.csv'), ['ledger.house_exported']],
  [
    'operator GET /api/players/{player}/rounds',
    () => boss.ask('GET', `/api/players/${ada.player}/rounds?reason=she%20asked`),
    ['games.rounds_viewed'],
  ],
  ['operator GET /api/players/{player}/rounds/{round}', lookAtRound, ['games.rounds_viewed']],
  [
    'operator GET /api/players/{player}/rounds/{round}',
    lookAtChangedRound,
    ['games.rounds_viewed', 'games.replay_different'],
  ],
  [
    'operator GET /api/players/{player}/rounds.csv',
    () => boss.ask('GET', `/api/players/${ada.player}/rounds.csv?reason=she%20asked`),
    ['games.rounds_exported'],
  ],
  [
    'operator GET /api/rounds.csv',
    () => boss.ask('GET', '/api/rounds.csv?from=2026-01-01T00:00:00Z&reason=the%20regulator%20asked'),
    ['games.rounds_exported'],
  ],
  [
    'operator POST /api/play/closure',
    async () => {
      const answer = await boss.ask('POST', '/api/play/closure', { reason: 'looks odd' })
      await faces.world.admin`delete from games.closures`
      return answer
    },
    ['games.closed'],
  ],
  [
    'operator POST /api/games/{game}/closure',
    () => boss.ask('POST', '/api/games/midnight-orchard/closure', { reason: 'looks odd' }),
    ['games.closed'],
  ],
  [
    'operator POST /api/program/inspections',
    () => boss.ask('POST', '/api/program/inspections', { reason: 'the yearly audit' }),
    ['program.verification_asked'],
  ],
  ['operator POST /api/pki/enrolments/use', async () => (await useToken()).answer, ['pki.enrolled']],
  [
    'operator POST /api/pki/enrolments/use',
    async () => {
      const { request } = await pki.newRequest('x')
      return faces.caller('operator').ask('POST', '/api/pki/enrolments/use', { token: 'guess', request })
    },
    ['pki.enrolment_refused'],
  ],
  ['operator POST /api/pki/renewals', renew, ['pki.renewal_asked']],
  [
    'operator POST /api/pki/components/{component}/revocations',
    async () => {
      const { component } = await useToken()
      return boss.ask('POST', `/api/pki/components/${component}/revocations`, { reason: 'sold' })
    },
    ['pki.component_dismissed'],
  ],
  ['operator GET /api/audit', () => boss.ask('GET', '/api/audit?limit=1'), ['audit.viewed']],
  ['operator GET /api/audit/events.jsonl', () => boss.ask('GET', '/api/audit/events.jsonl'), ['audit.exported']],
  ['operator GET /api/audit/events.csv', () => boss.ask('GET', '/api/audit/events.csv'), ['audit.exported']],
  ['operator GET /api/audit/{event}/personal', personal, ['audit.personal_viewed']],
  [
    'operator GET /api/audit/log/inclusion',
    async () => {
      await seal()
      return boss.ask('GET', '/api/audit/log/inclusion?index=0')
    },
    ['audit.proof_viewed'],
  ],
  [
    'operator GET /api/audit/log/consistency',
    () => boss.ask('GET', '/api/audit/log/consistency?from=1'),
    ['audit.proof_viewed'],
  ],
  [
    'operator GET /api/audit/log/tile/entries/{path}',
    () => boss.ask('GET', '/api/audit/log/tile/entries/000.p/5'),
    ['audit.proof_viewed'],
  ],
  [
    'operator GET /api/audit/log/bundle.jsonl',
    () => boss.ask('GET', '/api/audit/log/bundle.jsonl'),
    ['audit.exported'],
  ],
  [
    'operator GET /api/players/{player}/transfers/{transfer}/proof',
    () => boss.ask('GET', `/api/players/${ada.player}/transfers/1/proof`),
    ['audit.proof_viewed'],
  ],
  ['partner POST /api/gateways/{gateway}/events', forged, ['cashier.event_forged']],
  [
    'partner POST /api/carriers/{carrier}/receipts',
    () => faces.caller('partner').ask('POST', '/api/carriers/sandbox/receipts', { id: 'sms_1', status: 'delivered' }),
    ['messages.receipt_forged'],
  ],
]

test('a run of each route writes what it declares, with the request it came with [S48] [S49] [GLI-2.8.8n-ii] [GLI-2.8.8p]', {
  timeout: 60_000,
}, async () => {
  for (const [name, run, codes] of runs) {
    const answer = await run()
    const events = await eventsOf(answer.requestId)
    expect(events.map(({ code }) => code).sort(), `${name}: ${answer.status} ${answer.raw.slice(0, 200)}`).toEqual(
      [...codes].sort(),
    )
    const route = accountable.find((each) => each.name === name)
    expect(route, name).toBeDefined()
    for (const event of events) {
      expect(route!.events, name).toContain(event.code)
      expect(event.actor.id, name).not.toBe('')
      expect(Math.abs(Date.parse(event.at) - Date.now()), name).toBeLessThan(60_000)
      if (audit.kindOf(event.code)?.changes) expect(event.before && event.after, name).toBeTruthy()
      proven.add(`${name} ${event.code}`)
    }
  }
  const elsewhere = new Set([
    // Which factor is shown, and what of it is told, is proven in test/core/sessions and test/core/factors.
    ...['factors.used', 'factors.refused', 'factors.recovery_code_used'].flatMap((code) =>
      ['', '/step-up', '/passkey'].map((path) => `player POST /api/sessions${path} ${code}`),
    ),
    ...['sessions.begun', 'sessions.ended', 'sessions.unlocked', 'factors.passkey_cloned'].map(
      (code) => `player POST /api/sessions/passkey ${code}`,
    ),
    'player POST /api/sessions/step-up factors.passkey_cloned',
    'player POST /api/sessions/code factors.code_sent',
    'player POST /api/sessions/step-up/code factors.code_sent',
    // What becomes of a round of several steps is proven in test/core/games/rounds.test.ts and voided-rounds.test.ts.
    ...['large_stake', 'large_win', 'round_voided', 'closed'].map(
      (code) => `player POST /api/rounds/{round}/moves games.${code}`,
    ),
    // The stored event is worked on by a job; what it leads to is proven in test/core/cashier.
    ...[
      'deposit_credited',
      'deposit_held',
      'deposit_failed',
      'withdrawal_paid',
      'withdrawal_failed',
      'event_mismatch',
      'event_contradiction',
    ].map((code) => `partner POST /api/gateways/{gateway}/events cashier.${code}`),
  ])
  // Forgotten and changed passwords and addresses: test/host/passwords.test.ts holds the same.
  const heldThere = /^player (POST|PUT) \/api\/(password|email|language)/
  const claimed = accountable.flatMap(({ name, events }) => (events ?? []).map((code) => `${name} ${code}`))
  expect(claimed.filter((claim) => !proven.has(claim) && !elsewhere.has(claim) && !heldThere.test(claim))).toEqual([])
})

test('who may not is refused, and that they tried is written down [S49] [GLI-2.8.8a]', async () => {
  const support = await hire('support')
  const answer = await support.ask('POST', `/api/withdrawals/wdr_x/approval`, { reason: 'let me' })
  expect(answer.status).toBe(403)
  expect(await eventsOf(answer.requestId)).toMatchObject([
    {
      code: 'staff.access_denied',
      outcome: 'denied',
      address: '192.0.2.44',
      detail: { route: 'POST /api/withdrawals/:id/approval', code: 'staff.not_permitted' },
    },
  ])
  const guessed = await faces
    .caller('operator')
    .ask('POST', '/api/enrolments/passkey', { secret: 'guess', login: 'mallory', password: staffPassword })
  expect((await eventsOf(guessed.requestId)).map(({ code }) => code)).toEqual(['staff.access_denied'])
})

test('a failed sign-in tells from which address it came [GLI-2.8.8a]', async () => {
  const answer = await faces.caller('player').ask('POST', '/api/sessions', { email: ada.email, password: 'wrong' })
  expect(await eventsOf(answer.requestId)).toMatchObject([{ outcome: 'failure', address: '192.0.2.44' }])
})

test('staff shut one player out: what is open ends, nobody signs in, when and why is in the log; others play on [GLI-2.4.1c] [GLI-A.6.3]', async () => {
  const { player, email, password, caller } = await arrive()
  const other = await arrive()
  const act = (path: string) => boss.ask('POST', `/api/players/${player}/${path}`, { reason: 'asked by the authority' })
  const { requestId } = await act('suspension')
  expect((await caller.ask('GET', '/api/me')).status).toBe(401)
  expect((await other.caller.ask('GET', '/api/me')).status).toBe(200)
  const signIn = () => caller.ask('POST', '/api/sessions', { email, password })
  expect((await signIn()).body.code).toBe('sessions.sign_in_refused')
  const event = (await eventsOf(requestId)).find(({ code }) => code === 'players.suspended')
  expect(event).toMatchObject({ subject: player, reason: 'asked by the authority' })
  expect(Math.abs(Date.parse(event!.at) - Date.now())).toBeLessThan(60_000)
  await act('reinstatement')
  expect((await signIn()).body.code).toBe('sessions.second_factor_required') // as on any device that is new
})

test('whoever comes to an account, its player or staff, is in the log with the time and their network address [GLI-2.8.5h]', async () => {
  const { world } = faces
  const { player, email } = await arrive()
  const stranger = faces.caller('player')
  const comings: Array<[Promise<FaceAnswer>, string]> = [
    [stranger.ask('POST', '/api/sessions', { email, password: 'wrong' }), 'sessions.sign_in_refused'],
    [boss.ask('GET', `/api/players/${player}`), 'players.viewed_masked'],
    [boss.ask('GET', `/api/players/${player}?reason=complaint%2012`), 'players.viewed_in_full'],
    [boss.ask('GET', `/api/players/${player}/statement`), 'ledger.statement_viewed'],
    [boss.ask('GET', `/api/players/${player}/instruments`), 'cashier.instruments_viewed_masked'],
  ]
  const begun = await world.sql<Array<{ entry: string }>>`
    select entry from audit.events where player = ${player} and code = 'sessions.begun'`
  const found = begun.map(({ entry }) => JSON.parse(entry) as audit.AuditEvent)
  expect(found).toHaveLength(1)
  for (const [answer, code] of comings) {
    const event = (await eventsOf((await answer).requestId)).find((each) => each.code === code)
    expect(event, code).toBeDefined()
    found.push(event!)
  }
  for (const event of found) {
    expect(Math.abs(Date.parse(event.at) - Date.now()), event.code).toBeLessThan(60_000)
    // What a player's own address tells about them is sealed under their key.
    const sealed = await audit.personalOf(world.sql, world.agent.keys, event.id)
    expect(event.address ?? sealed?.address, event.code).toBe('192.0.2.44')
  }
})

test('a program error is an event without what was sent, once a minute however often it comes [GLI-2.8.8b] [S56]', async () => {
  await faces.world.admin`alter table protection.limits rename to limits_away`
  const answers = [await ada.caller.ask('GET', '/api/limits'), await ada.caller.ask('GET', '/api/limits')]
  await faces.world.admin`alter table protection.limits_away rename to limits`
  expect(answers.map(({ status }) => status)).toEqual([500, 500])
  const told = await Promise.all(answers.map(({ requestId }) => eventsOf(requestId)))
  expect(told.map((events) => events.map(({ code }) => code))).toEqual([['host.program_error'], []])
  expect(told[0]![0]).toMatchObject({ outcome: 'failure', detail: { error: 'PostgresError', code: '42P01' } })
})

async function seal(): Promise<void> {
  const keys = faces.world.agent.as('work')
  while (await sealOnce({ ...faces.host, sql: faces.world.work, keys }));
}

test('a sealed value that somebody changed is an event of its own [GLI-2.8.8b]', async () => {
  const { player, caller } = await arrive()
  await faces.world
    .admin`update players.players set email = set_byte(email, 20, get_byte(email, 20) # 1) where player = ${player}`
  const answer = await caller.ask('GET', '/api/me')
  expect(answer.status).toBe(500)
  expect(await eventsOf(answer.requestId)).toMatchObject([
    { code: 'keys.envelope_tampered', outcome: 'failure', detail: { where: 'players.players.email' } },
  ])
})

async function eventsOf(request: string): Promise<audit.AuditEvent[]> {
  const rows = await faces.world.sql<Array<{ entry: string }>>`
    select entry from audit.events where request_id = ${request} order by id`
  return rows.map(({ entry }) => JSON.parse(entry) as audit.AuditEvent)
}

async function arrive(cash = 0n) {
  const { player, wallet, email } = await faces.world.player(cash)
  const password = 'walrus tambourine quartz'
  const passwordHash = await sessions.hashPassword(faces.world.agent.keys, password)
  await faces.world.act((tx) => sessions.setPassword(tx, faces.world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  return { player, wallet, email, password, caller }
}

const origin = 'https://localhost'

/** Somebody who has just shown everything there is to show. */
async function withShown() {
  const arrived = await arrive()
  await faces.world.showAll(arrived.player)
  return arrived
}

async function asksForPasskey() {
  const arrived = await withShown()
  const { body } = await arrived.caller.ask('POST', '/api/factors/passkeys/options')
  return { ...arrived, options: body as Parameters<SoftAuthenticator['create']>[0] }
}

async function withPasskey() {
  const { options, ...arrived } = await asksForPasskey()
  const response = new SoftAuthenticator(origin).create(options)
  const { body } = await arrived.caller.ask('POST', '/api/factors/passkeys', { response, label: 'Key' })
  return { ...arrived, factor: String(body.factor) }
}

async function offeredApp() {
  const arrived = await withShown()
  const { body } = await arrived.caller.ask('POST', '/api/factors/apps')
  return { ...arrived, app: body as { factor: string; secret: string } }
}

async function confirmPhone(wrong?: string): Promise<FaceAnswer> {
  const { caller } = await withShown()
  const { body } = await caller.ask('POST', '/api/factors/phones', { phone: '+356 2123 4567' })
  const code = wrong ?? (await lastSms(faces.world))
  return caller.ask('POST', `/api/factors/phones/${body.factor}/confirmation`, { code, label: 'Phone' })
}

function proposed(act = 'staff.enrol', payload: object = { role: 'security', who: 'Sam' }): Promise<FaceAnswer> {
  return boss.ask('POST', '/api/proposals', { act, payload, reason: 'a reason' })
}

async function approved(act: string, payload: object) {
  const { body } = await proposed(act, payload)
  const asked = body as { proposal: string; digest: string }
  const yes = await signedApproval(second, second.passkey, asked)
  return { ...asked, answer: await second.ask('POST', `/api/proposals/${asked.proposal}/approval`, yes) }
}

/** With another's answer to another's question. */
async function approvedWrongly(): Promise<FaceAnswer> {
  const asked = (await proposed()).body as { proposal: string; digest: string }
  const passkey = { id: 'guess' }
  return second.ask('POST', `/api/proposals/${asked.proposal}/approval`, { digest: asked.digest, passkey })
}

async function enrolWrongly(): Promise<FaceAnswer> {
  const { secret } = await faces.world.act((tx) => staff.enrolmentLink(tx, faces.world.command(), { role: 'support' }))
  const newcomer = { secret, login: newLogin(), password: staffPassword, passkey: { id: 'guess' } }
  return faces.caller('operator').ask('POST', '/api/enrolments/use', newcomer)
}

async function enrol(role: string) {
  const { secret } = await faces.world.act((tx) => staff.enrolmentLink(tx, faces.world.command(), { role }))
  const newcomer = { secret, login: newLogin(), password: staffPassword }
  const caller = faces.caller('operator')
  const passkey = new SoftAuthenticator('https://localhost')
  const options = await caller.ask('POST', '/api/enrolments/passkey', newcomer)
  const made = passkey.create(options.body as never)
  const { login } = newcomer
  return {
    caller,
    passkey,
    login,
    answer: await caller.ask('POST', '/api/enrolments/use', { ...newcomer, passkey: made }),
  }
}

async function signIn(caller: Caller, passkey: SoftAuthenticator): Promise<FaceAnswer> {
  const options = await caller.ask('POST', '/api/sessions/challenge')
  return caller.ask('POST', '/api/sessions', { passkey: passkey.get(options.body as never) })
}

type Employee = Caller & { passkey: SoftAuthenticator }

async function hire(role: string): Promise<Employee> {
  const { caller, passkey } = await enrol(role)
  expect((await signIn(caller, passkey)).status).toBe(201)
  return { ...caller, passkey }
}

async function addPasskey(passkey = new SoftAuthenticator('https://localhost'), origin?: string): Promise<FaceAnswer> {
  const options = await boss.ask('POST', '/api/passkeys/options')
  const made = passkey.create(options.body as never, origin ? { origin } : {})
  return boss.ask('POST', '/api/passkeys', { label: 'spare', passkey: made })
}

async function confirm(): Promise<FaceAnswer> {
  const { world } = faces
  const input = await world.registration()
  const player = (await world.act((tx) => players.register(tx, world.command(), input)))!
  const { email, password } = input
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const code = (await world.act((tx) => players.newConfirmation(tx, world.command(), player)))!
  return faces.caller('player').ask('POST', '/api/registrations/confirmation', { email, code, password })
}

async function replaceRegistration(): Promise<FaceAnswer> {
  const { world } = faces
  const input = await world.registration()
  await world.act((tx) => players.register(tx, world.command(), input))
  return faces.caller('player').ask('POST', '/api/registrations', input)
}

/** Locked by wrong passwords from elsewhere; the code of a mail and the password open it again. */
async function unlock(): Promise<FaceAnswer> {
  const { world } = faces
  const { player, email, password } = await arrive()
  const stranger = faces.caller('player')
  for (let i = 0; i < 3; i++) await stranger.ask('POST', '/api/sessions', { email, password: 'wrong' })
  expect((await stranger.ask('POST', '/api/sessions', { email, password })).body.code).toBe('sessions.locked')
  await stranger.ask('POST', '/api/sessions/code', { email })
  const code = await mailedCode(world, player)
  return stranger.ask('POST', '/api/sessions', { email, password, proof: { factor: 'email', code } })
}

let suspended: string
async function suspend(act: 'suspension' | 'reinstatement' | 'mail-again'): Promise<FaceAnswer> {
  suspended ??= (await arrive()).player
  return boss.ask('POST', `/api/players/${suspended}/${act}`, { reason: 'a reason' })
}

/** Somebody changed what a round came to, past everything. */
async function lookAtChangedRound(): Promise<FaceAnswer> {
  const path = `/api/players/${ada.player}/rounds`
  const { rounds } = (await boss.ask('GET', `${path}?reason=she%20asked`)).body as { rounds: Array<{ round: string }> }
  const { admin } = faces.world
  const whole = await admin<Array<{ wallet: bigint; transfer: bigint; outcome: string }>>`
    select wallet, transfer, outcome from games.rounds where wallet in (select wallet from ledger.wallets where player = ${ada.player})`
  await admin`update games.rounds set outcome = '{}' where transfer in ${admin(whole.map(({ transfer }) => transfer))}`
  try {
    const answer = await boss.ask('GET', `${path}/${rounds[0]!.round}?reason=she%20asked`)
    expect(answer.body).toMatchObject({ replay: 'different' })
    return answer
  } finally {
    for (const { wallet, transfer, outcome } of whole)
      await admin`update games.rounds set outcome = ${outcome} where wallet = ${wallet} and transfer = ${transfer}`
  }
}

async function lookAtRound(): Promise<FaceAnswer> {
  const path = `/api/players/${ada.player}/rounds`
  const { rounds } = (await boss.ask('GET', `${path}?reason=she%20asked`)).body as { rounds: Array<{ round: string }> }
  const { round } = rounds[0]!
  expect((await boss.ask('GET', `${path}/${round}`)).status, 'without a reason').toBe(400)
  const answer = await boss.ask('GET', `${path}/${round}?reason=she%20asked`)
  expect(answer.body).toMatchObject({ round, player: ada.player, replay: 'identical' })
  return answer
}

const object = {
  authorisation: 'A1',
  instrument: { token: 'tok_1', brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada' },
}

async function deposited(player: string, wallet: bigint, excludeFirst = false): Promise<string> {
  const { world } = faces
  const amount = money(2000n, 'EUR')
  const { id } = await world.act((tx) =>
    cashier.deposit(tx, world.command(), { player, wallet, amount, gateway: 'sandbox' }),
  )
  if (excludeFirst) await world.admin`update players.players set status = 'suspended' where player = ${player}`
  const event = {
    id: `evt_${id}`,
    type: 'payment.succeeded' as const,
    reference: id,
    object: `pay_${id}`,
    amount,
    ...object,
  }
  await world.act((tx) => cashier.apply(tx, world.command(), 'sandbox', event))
  return id
}

async function card(player: string): Promise<string> {
  const kept = async () => (await cashier.instruments(faces.world.sql, faces.world.agent.keys, player))[0]?.id
  if (!(await kept())) await deposited(player, ada.wallet)
  return (await kept())!
}

async function withdrawal(fate?: 'unknown', amount = 1000n): Promise<string> {
  const { world } = faces
  const { id } = await world.act(async (tx) =>
    cashier.withdraw(tx, world.command(), { ...ada, amount: money(amount, 'EUR'), instrument: await card(ada.player) }),
  )
  if (fate)
    await world.act(async (tx) => {
      await cashier.approve(tx, world.command(), { withdrawal: id, reason: 'looks right' })
      await cashier.pay(tx, world.command(), id)
      await cashier.payoutUnknown(tx, world.command(), id)
    })
  return id
}

async function personal(): Promise<FaceAnswer> {
  const [row] = await faces.world.sql<Array<{ id: string }>>`
    select id from audit.events where player = ${ada.player} and code = 'sessions.begun' limit 1`
  const answer = await boss.ask('GET', `/api/audit/${row!.id}/personal?reason=asked%20by%20the%20police`)
  expect(answer.body).toEqual({ personal: { address: '192.0.2.44' } })
  return answer
}

async function heldDeposit(): Promise<string> {
  const { player, wallet } = await arrive()
  const id = await deposited(player, wallet, true)
  await faces.world.admin`update players.players set status = 'active' where player = ${player}`
  return id
}

async function forged(): Promise<FaceAnswer> {
  const body = JSON.stringify({ id: 'evt_1', type: 'payment.succeeded', data: { id: 'pay_1', reference: 'dep_1' } })
  const signature = sign('another secret', Buffer.from(body), new Date())
  return faces.caller('partner').ask('POST', '/api/gateways/sandbox/events', body, { 'gateway-signature': signature })
}

/** A component that asks with its token, and a worker that issues what it asked for. */
async function useToken() {
  const component = `c-${randomBytes(4).toString('hex')}`
  const { key, request } = await pki.newRequest(component)
  const { token } = (await faces.world.admin.begin((tx) =>
    pki.offer(tx, systemCommand('test'), { role: 'scraper', component }),
  )) as Awaited<ReturnType<typeof pki.offer>>
  const asked = faces.caller('operator').ask('POST', '/api/pki/enrolments/use', { token, request })
  const issued = await issueNext()
  return { component, key, issued, answer: await asked }
}

async function renew(): Promise<FaceAnswer> {
  const { component, key, issued } = await useToken()
  const next = await pki.newRequest(component)
  const spki = createPublicKey(createPrivateKey(next.key)).export({ format: 'der', type: 'spki' })
  const at = new Date()
  const signature = signWith('sha256', pki.renewalStatement(issued.serial, spki, at), createPrivateKey(key))
  const asked = faces.caller('operator').ask('POST', '/api/pki/renewals', {
    request: next.request,
    certificate: issued.chain,
    at: at.toISOString(),
    signature: signature.toString('base64'),
  })
  await issueNext()
  return asked
}

async function issueNext(): Promise<pki.Issued> {
  const request = await until('a request', async () => (await pki.openApplications(faces.world.sql))[0])
  const command = { ...systemCommand('test'), keys: faces.world.agent.as('ops') }
  await faces.world.admin.begin((tx) => pki.ensureAuthorities(tx, command))
  return faces.world.act((tx) => pki.issue(tx, command, { request, lifeSeconds: pki.daySeconds }))
}
