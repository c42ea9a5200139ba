import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { readSecretFile, type SecretName, viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { postgresFolder, redisSocket } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { examine } from '../../ops/commands/doctor.ts'
import { verify } from '../../ops/commands/verify.ts'
import { arrive, type Client, codeFor, depositByCard, must, openClient, someone, until } from '../support/client.ts'
import { recordsOf } from '../support/csv.ts'
import { newHome } from '../support/home.ts'
import { routesOf } from '../support/routes.ts'
import { enrolAt } from '../support/staff.ts'

let appliance: Appliance
let home: string
let player: Client
let operator: Client
let ada: { email: string; password: string }
const telephone = '+35677424242'

beforeAll(async () => {
  home = newHome()
  appliance = await startAppliance({ home, freePorts: true })
  const { ca, urls } = appliance.card()
  player = openClient(urls.lobby, { ca })
  operator = openClient(urls.operator, { ca })
  const secret = urls.enrolment?.split('#')[1] ?? ''
  await enrolAt(operator, { secret, login: 'grace', origin: urls.operator })
})
afterAll(async () => {
  await player?.close()
  await operator?.close()
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('staff are told how the books stand, and strangers are not', async () => {
  const admin = connect(viewHome(home), 'admin')
  await admin`insert into ledger.proofs values (now(), '1970-01-01', false, 'wallet 7')`
  const told = await operator.ask<{ state: string }>('GET', '/api/books')
  await admin`delete from ledger.proofs where not ok`
  await admin.end()
  expect(told).toMatchObject({ status: 200, body: { state: 'contradict', firstBad: 'wallet 7' } })
  expect((await operator.ask<{ state: string }>('GET', '/api/books')).body.state).toMatch(/^(sound|unproven)$/)
  const stranger = openClient(appliance.urls.operator, { ca: appliance.card().ca })
  expect((await stranger.ask('GET', '/api/books')).status).toBe(401)
  await stranger.close()
})

test('the main job, by the API: from registration to a payout', async () => {
  ada = await arrive(player, appliance.urls)
  await depositByCard(player, '50.00')
  await depositByCard(player, '20.00', '4000000000000002') // declined
  const bet = { bets: [{ on: 'red', amount: '1.00' }] }
  const key = { 'idempotency-key': 'journey-1' }
  const first = await must(player.ask<{ round: string }>('POST', '/api/games/roulette-european/rounds', bet, key), 200)
  const again = await must(player.ask('POST', '/api/games/roulette-european/rounds', bet, key), 200)
  expect(again.raw).toBe(first.raw)
  expect(again.headers['idempotency-replayed']).toBe('true')
  await must(player.ask('POST', '/api/games/midnight-orchard/rounds', { stake: '1.00' }), 200)
  expect((await player.ask<{ replay: string }>('GET', `/api/rounds/${first.body.round}`)).body.replay).toBe('identical')

  const { instruments } = (await player.ask<{ instruments: Array<{ id: string }> }>('GET', '/api/instruments')).body
  const wish = { amount: { amount: '10.00', currency: 'EUR' }, instrument: instruments[0]?.id }
  expect((await player.ask('POST', '/api/withdrawals', wish)).body, 'nothing was paid to this card yet').toMatchObject({
    code: 'sessions.step_up_required',
    factors: ['email'],
  })
  await showMailedCode(player, ada.email)
  const { id } = (await must(player.ask<{ id: string }>('POST', '/api/withdrawals', wish), 201)).body
  await must(operator.ask('POST', `/api/withdrawals/${id}/approval`, { reason: 'looks right' }), 200)
  await until('the payout', async () => {
    const { state } = (await player.ask<{ state: string }>('GET', `/api/withdrawals/${id}`)).body
    return state === 'paid' ? state : undefined
  })
  const { lines } = (await player.ask<{ lines: Array<{ kind: string }> }>('GET', '/api/statement')).body
  expect(lines.map((line) => line.kind).filter((kind) => kind !== 'round')).toEqual([
    'withdrawal.paid',
    'withdrawal.held',
    'deposit',
  ])
  const log = (
    await operator.ask<{ events: Array<{ code: string }> }>('GET', `/api/audit?subject=${id}`)
  ).body.events.map((event) => event.code)
  expect(log).toContain('cashier.withdrawal_approved')
  expect((await verify(viewHome(home))).checks.filter((check) => !check.ok)).toEqual([])
})

test('the books, by the API: the player’s own as a page and a file, for staff with a reason and a record', async () => {
  type Line = { at: string; kind: string; reference: string; cash: { amount: string } }
  type Page = { lines: Line[]; before: string | null; opening: null }
  const page = async (query: string) => (await must(player.ask<Page>('GET', `/api/statement?${query}`), 200)).body
  const { lines } = await page('limit=200')
  const deposit = lines.at(-1)!
  expect((await page('kinds=deposit')).lines).toEqual([deposit])
  expect((await page(`reference=${deposit.reference}`)).lines).toEqual([deposit])
  expect((await page(`until=${deposit.at}`)).lines).toEqual([])
  const first = await page('limit=2')
  expect([...first.lines, ...(await page(`limit=200&before=${first.before}`)).lines]).toEqual(lines)
  const then = await must(player.ask<{ cash: unknown }>('GET', `/api/balance?at=${deposit.at}`), 200)
  expect(then.body.cash).toEqual(deposit.cash)
  for (const query of ['from=yesterday', 'from=0000-01-01T00:00:00Z', 'account=x', 'reference=%00', 'sort=x'])
    expect((await player.ask('GET', `/api/statement.csv?${query}`)).status, query).toBe(400)

  const own = await must(player.ask('GET', '/api/statement.csv'), 200)
  expect(own.headers['content-type']).toContain('text/csv')
  expect(
    own.raw
      .trim()
      .split('\r\n')
      .map((line) => line.split(',')[0]),
  ).toEqual(['at', ...lines.map(({ at }) => at).reverse()])

  const { players } = (
    await operator.ask<{ players: Array<{ player: string }> }>('GET', `/api/players?email=${ada.email}`)
  ).body
  const path = `/api/players/${players[0]!.player}`
  expect((await operator.ask('GET', `${path}/statement.csv`)).status, 'a reason is needed').toBe(400)
  expect((await must(operator.ask('GET', `${path}/statement.csv?reason=asked%20by%20the%20player`), 200)).raw).toBe(
    own.raw,
  )
  expect((await must(operator.ask<Page>('GET', `${path}/statement?limit=200`), 200)).body.lines).toEqual(lines)
  expect(
    (await must(operator.ask<{ cash: unknown }>('GET', `${path}/balance?at=${deposit.at}`), 200)).body.cash,
  ).toEqual(deposit.cash)
  expect((await operator.ask('GET', `${path}/rounds.csv`)).status, 'a reason is needed').toBe(400)
  const played = (await must(operator.ask('GET', `${path}/rounds.csv?reason=asked%20by%20the%20player`), 200)).raw
  expect(recordsOf(played).map(({ game }) => game)).toEqual(['roulette-european', 'midnight-orchard'])
  expect(recordsOf(played)[0]).toMatchObject({ staked_of_incentives: '0', won_of_jackpots: '0' })
  const span = `from=${deposit.at}&reason=the%20regulator%20asked`
  expect((await must(operator.ask('GET', `/api/rounds.csv?${span}`), 200)).headers['content-disposition']).toMatch(
    /^attachment; filename="rounds-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv"$/,
  )
  const house = (await must(operator.ask('GET', '/api/house/entries.csv?account=gateway.clearing'), 200)).raw
  expect(house.split('\r\n')[1]).toMatch(/^\S+Z,gateway\.clearing,EUR,-\d+,1,\d+,-50\.00,-50\.00$/)
  type Books = { liability: Array<{ owed: { amount: string } }>; house: Array<{ balance: { amount: string } }> }
  const books = (await must(operator.ask<Books>('GET', '/api/house/balances'), 200)).body
  const sum = [...books.liability.map(({ owed }) => owed), ...books.house.map(({ balance }) => balance)]
  expect(sum.reduce((total, { amount }) => total + BigInt(amount.replace('.', '')), 0n)).toBe(0n)
  type Audit = { events: Array<{ code: string; reason: string; detail: unknown }> }
  const { events } = (await operator.ask<Audit>('GET', `/api/audit?subject=${players[0]!.player}`)).body
  const exported = events.find(({ code }) => code === 'ledger.statement_exported')
  expect(exported?.reason).toBe('asked by the player')
  expect(exported?.detail).toEqual({ versions: { after: '0', upTo: String(lines.length) } })
  expect(events.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['ledger.statement_viewed', 'ledger.balance_viewed', 'games.rounds_exported']),
  )
  const [taken] = (await operator.ask<Audit>('GET', '/api/audit?subject=rounds')).body.events
  expect(taken).toMatchObject({ code: 'games.rounds_exported', reason: 'the regulator asked' })
  const of = (await operator.ask<Audit>('GET', '/api/audit?subject=house')).body.events.map(({ code }) => code)
  expect(of).toEqual(['ledger.house_viewed', 'ledger.house_exported'])

  const support = openClient(appliance.urls.operator, { ca: appliance.card().ca })
  const { url } = (await must(operator.ask<{ url: string }>('POST', '/api/enrolments', { role: 'support' }), 201)).body
  await enrolAt(support, { secret: url.split('#')[1] ?? '', origin: appliance.urls.operator })
  for (const closed of ['/api/house/balances', '/api/house/entries.csv', `/api/rounds.csv?${span}`])
    expect((await support.ask('GET', closed)).status, closed).toBe(403)
  for (const client of [support, player])
    expect((await client.ask('GET', '/api/players/plr_x/statement.csv?reason=curious')).status).toBe(404)
  await support.close()
})

test('of a card its player, staff with a reason, and every file see the last four digits at most [S41]', async () => {
  type Found = { players: Array<{ player: string }> }
  const { players } = (await operator.ask<Found>('GET', `/api/players?email=${ada.email}`)).body
  const path = `/api/players/${players[0]!.player}`
  const own = await must(player.ask('GET', '/api/instruments'), 200)
  const reasoned = await must(operator.ask('GET', `${path}/instruments?reason=complaint%2012`), 200)
  for (const { raw } of [own, reasoned]) expect(raw).toContain('"last4":"4242"')
  const masked = await must(operator.ask('GET', `${path}/instruments`), 200)
  expect(masked.raw).not.toContain('4242')
  const files = [] // one after the other: whoever downloads two at once is told to wait
  for (const asked of [
    () => player.ask('GET', '/api/statement.csv'),
    () => player.ask('POST', '/api/data-export'),
    () => operator.ask('GET', `${path}/statement.csv?reason=complaint%2012`),
    () => operator.ask('GET', '/api/withdrawals'),
    () => operator.ask('GET', `/api/audit?subject=${players[0]!.player}`),
  ])
    files.push(await asked())
  for (const [i, { status, raw }] of files.entries()) expect(status, `${i}: ${raw.slice(0, 200)}`).toBe(200)
  for (const { raw } of [own, reasoned, masked, ...files]) expect(raw).not.toMatch(/(4242[ -]?){2}/)
})

test('a file of the books streams through the edge: slow readers get it whole, one who leaves frees the place', {
  timeout: 120_000,
}, async () => {
  const sql = connect(viewHome(home), 'admin')
  const { ca, urls } = appliance.card()
  const client = openClient(urls.lobby, { ca })
  await arrive(client, appliance.urls)
  // Lines past `post`, in a wallet of its own; taken away again, for the proofs that follow.
  const count = 150_000
  const [{ wallet } = { wallet: 0n }] = await sql<
    Array<{ wallet: bigint }>
  >`select max(wallet) as wallet from ledger.wallets`
  await sql`
    insert into ledger.postings (wallet, version, transfer, amount, cash, bonus, held, at, batch, lane, source, target, kind)
    select ${wallet}, n, n, 1, 0, 0, 0, now(), n, 1, 'cash', 'games.revenue', 'round' from generate_series(1, ${count}::int) n`
  await sql`update ledger.wallets set version = ${count} where wallet = ${wallet}`
  try {
    const open = async () => {
      const answer = await request(new URL('/api/statement.csv', urls.lobby), {
        headers: { cookie: client.cookie },
        dispatcher: new Agent({ connect: { ca: readFileSync(ca) }, bodyTimeout: 60_000 }),
      })
      expect(answer.statusCode).toBe(200)
      return answer.body
    }
    const leaver = await open()
    await new Promise((resolve) => leaver.once('data', resolve))
    leaver.destroy()
    const body = await until('the place to be free', async () => open().catch(() => undefined))
    let lines = -1
    let read = 0
    for await (const chunk of body) {
      if (read === 0) await new Promise((resolve) => setTimeout(resolve, 7000)) // longer than the edge waits for a core
      read += (chunk as Buffer).length
      lines += String(chunk).split('\n').length - 1
    }
    expect(lines).toBe(count)
    expect(read).toBeGreaterThan(8 * 1024 ** 2)
  } finally {
    await sql`delete from ledger.postings where wallet = ${wallet}`
    await sql`update ledger.wallets set version = 0 where wallet = ${wallet}`
    await sql.end()
    await client.close()
  }
})

test('a telephone, by the API: added with a code from the sandbox, used to sign in elsewhere, and its receipts are taken', async () => {
  const { ca, urls } = appliance.card()
  const [here, elsewhere] = [openClient(urls.lobby, { ca }), openClient(urls.lobby, { ca })]
  const who = await arrive(here, urls)
  const texts = async () => {
    const answer = await fetch(new URL(`/texts.json?to=${encodeURIComponent(telephone)}`, urls.inbox))
    return (await answer.json()) as Array<{ text: string; receipt: boolean }>
  }
  const code = (nth: number) =>
    until('a code by text message', async () => {
      const found = await texts()
      return found.length === nth ? /\d{6}/.exec(found[0]?.text ?? '')?.[0] : undefined
    })
  await showMailedCode(here, who.email)
  const { factor } = (
    await must(here.ask<{ factor: string }>('POST', '/api/factors/phones', { phone: telephone }), 202)
  ).body
  const label = { code: await code(1), label: 'My telephone' }
  await must(here.ask('POST', `/api/factors/phones/${factor}/confirmation`, label), 201)
  const admin = connect(viewHome(home), 'admin')
  await admin`update factors.sms_counts set at = at - interval '1 minute'`
  await admin.end()
  await must(elsewhere.ask('POST', '/api/sessions/code', { email: who.email }), 202)
  await must(elsewhere.ask('POST', '/api/sessions', { ...who, proof: { factor: 'sms', code: await code(2) } }), 201)
  await until('the receipts', async () => ((await texts()).every(({ receipt }) => receipt) ? true : undefined))
  await Promise.all([here.close(), elsewhere.close()])
})

test('live pages hear of changes through the edge, strangers hear nothing', async () => {
  const { ca, urls } = appliance.card()
  const open = (cookie: string, origin: string) =>
    new WebSocket(urls.lobby.replace('https', 'wss').replace(/\/$/, '/live'), {
      ca: readFileSync(ca),
      headers: { cookie },
      origin,
    })
  const refused = open('', new URL(urls.lobby).origin)
  expect(await new Promise((resolve) => refused.on('error', (error) => resolve(error.message)))).toContain('403')
  const page = open(player.cookie, new URL(urls.lobby).origin)
  await new Promise((resolve) => page.once('open', resolve))
  const heard = new Promise((resolve) => page.once('message', (data) => resolve(String(data))))
  await depositByCard(player, '5.00')
  expect(await heard).toBe('{"changed":"balance"}')
  page.terminate()
})

test('the database, Redis and the logs hold no personal data in the clear [GLI-2.8.5b-ii]', () => {
  const secrets = [ada.email, ada.password, 'Lovelace', 'St James Square', '1985-12-10', '4242424242424242', telephone]
  const view = viewHome(home)
  const dump = execFileSync(
    '/usr/lib/postgresql/15/bin/pg_dump',
    ['-h', postgresFolder(view), '-U', 'postgres', 'countroom'],
    {
      env: { ...process.env, PGPASSWORD: readSecretFile(view, 'postgres-admin') },
      encoding: 'utf8',
      maxBuffer: 256 * 1024 ** 2,
    },
  )
  const redisCli = (...args: string[]) =>
    execFileSync(
      'redis-cli',
      ['-s', redisSocket(view), '--no-auth-warning', '-a', readSecretFile(view, 'redis'), ...args],
      { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] },
    )
  redisCli('set', 'probe', 'it is a real dump, longer than what compression leaves alone')
  redisCli('config', 'set', 'rdbcompression', 'no')
  redisCli('--rdb', join(home, 'redis.rdb'))
  const redis = readFileSync(join(home, 'redis.rdb'), 'latin1')
  redisCli('del', 'probe')
  const logs = readdirSync(join(home, 'log'))
    .map((file) => readFileSync(join(home, 'log', file), 'utf8'))
    .join('\n')
  expect(dump.includes('roulette-european')).toBe(true) // it is a real dump
  expect(redis.includes('it is a real dump')).toBe(true)
  expect(logs.includes('core serves')).toBe(true)
  for (const [where, text] of Object.entries({ dump, redis, logs }))
    for (const secret of secrets) expect(text.includes(secret), `${secret} in ${where}`).toBe(false)
})

const signsOut = new Set(['delete /api/sessions/current', 'delete /api/sessions']) // it would end this test

test('generated input at every route of every face gets an answer of its own, never a 500 and never a change [GLI-B.4.3d]', {
  timeout: 180_000,
}, async () => {
  const partner = openClient(appliance.urls.partner, { ca: appliance.card().ca })
  const clients = { player, operator, partner }
  const before = await stateOfMoney()
  let asked = 0
  for (const [face, client] of Object.entries(clients) as Array<[keyof typeof clients, Client]>)
    for (const route of routesOf(face).filter(({ method, path }) => !signsOut.has(`${method} ${path}`)))
      await fc.assert(
        fc.asyncProperty(hostileBody(), hostileId, hostileKey, async (body, id, key) => {
          asked++
          const target = route.path.replaceAll(/\{\w+\}/g, encodeURIComponent(id))
          const answer = await client.ask<{ code?: string; status?: number }>(
            route.method.toUpperCase(),
            target,
            route.method === 'get' ? undefined : body,
            {
              ...(key === undefined || route.method === 'get' ? {} : { 'idempotency-key': key }),
              // Signed as the partner would: what is wrong with it must be found behind the signature too.
              ...(face === 'partner'
                ? {
                    'gateway-signature': signature(body),
                    'carrier-signature': signature(body, { secret: 'carrier-sandbox-receipts' }),
                  }
                : {}),
            },
          )
          const what = `${face}: ${route.method} ${target} ${body} -> ${answer.status} ${answer.raw.slice(0, 200)}`
          expect(answer.status, what).not.toBe(500)
          if (answer.status < 400) {
            expect(route.method === 'get' || !route.takesBody, what).toBe(true)
            return
          }
          expect(answer.body.code, what).toMatch(/^[a-z]+\.[a-z0-9_]+$/)
          expect(answer.body.status, what).toBe(answer.status)
          expect(answer.headers['content-type'], what).toContain('application/problem+json')
        }),
        { numRuns: Number(process.env.COUNTROOM_FUZZ_RUNS ?? 12) },
      )
  expect(asked).toBeGreaterThan(400)
  expect(await stateOfMoney()).toEqual(before)
  await partner.close()
})

/** Shows, at a step-up, the code that is sent to the player for it. */
async function showMailedCode(client: Client, email: string): Promise<void> {
  await must(client.ask('POST', '/api/sessions/step-up/code'), 202)
  const code = await codeFor(appliance.urls, email, 'Your code to sign in')
  await must(client.ask('POST', '/api/sessions/step-up', { factor: 'email', code }), 200)
}

function signature(
  body: string,
  { secret = 'gateway-sandbox', ago = 0 }: { secret?: SecretName; ago?: number } = {},
): string {
  const t = Math.floor(Date.now() / 1000 - ago)
  const mac = createHmac('sha256', readSecretFile(viewHome(home), secret))
    .update(`${t}.`)
    .update(body)
  return `t=${t},v1=${mac.digest('hex')}`
}

/** Everything that money, limits and status hang on; told apart from what reading and failing may write. */
async function stateOfMoney(): Promise<unknown> {
  const sql = connect(viewHome(home), 'app')
  try {
    const [state] = await sql`
      select (select count(*) from ledger.postings) as postings, (select count(*) from games.rounds) as rounds,
        (select count(*) from cashier.deposits) as deposits, (select count(*) from cashier.withdrawals) as withdrawals,
        (select count(*) from protection.limits) as limits, (select count(*) from protection.bars) as bars,
        (select string_agg(player || status, ',' order by player) from players.players) as players,
        (select count(*) from cashier.gateway_events) as events`
    return state
  } finally {
    await sql.end()
  }
}

function hostileBody(): fc.Arbitrary<string> {
  const amounts = ['-1.00', '0', '1.001', '1e3', '9'.repeat(400), 'NaN', '٣', ' 1', '0x10', '1.00\u0000']
  const money = fc.record({
    amount: fc.constantFrom<unknown>(...amounts, 1, null),
    currency: fc.constantFrom<unknown>('EUR', 'XXX', '', null),
  })
  const plausible = fc.record(
    {
      amount: money,
      instrument: fc.constantFrom<unknown>('ins_1', 1, ''),
      bets: fc.oneof(
        fc.constant([]),
        fc.array(fc.record({ on: fc.constantFrom('red', 'x'), amount: fc.constantFrom(...amounts) })),
      ),
      stake: fc.constantFrom<unknown>(...amounts, {}),
      email: fc.constantFrom<unknown>('a@b', 'ada@example.com', 7),
      reason: fc.constantFrom<unknown>('', 'x', null),
      hours: fc.constantFrom<unknown>(-1, 1e308, '24'),
      months: fc.constantFrom<unknown>(0, 0.5, 1e9),
      secret: fc.constant('x'),
      tip: fc.constant(1), // unknown to every route
    },
    { requiredKeys: ['tip'] },
  )
  return fc.oneof(
    plausible.map((value) => JSON.stringify(value)),
    fc.anything({ maxDepth: 3 }).map((value) => JSON.stringify(value) ?? 'null'),
    fc.constantFrom(
      '',
      'not json',
      '{"a":1,"a":2}',
      '{"__proto__":{"x":1}}',
      '[',
      '\ufeff{}',
      `[${'['.repeat(2000)}${']'.repeat(2000)}]`,
      '1e400',
    ),
  )
}
const hostileId = fc.constantFrom('x', '%20', 'plr_1', '999999999999999999999', "' or 1=1", '../x', 'rnd_1', '\u0000')
/** As a client's own choice: none given lets the client make one. */
const hostileKey = fc.constantFrom(undefined, undefined, '', ' ', 'k'.repeat(129), 'ä')

test('missing keys, foreign origins, foreign ids and oversize bodies are refused with a stable code', async () => {
  const path = '/api/games/roulette-european/rounds'
  const bet = { bets: [{ on: 'red', amount: '1.00' }] }
  const code = async (answer: Promise<{ body: { code?: string } }>) => (await answer).body.code
  expect(await code(player.ask('POST', path, bet, { 'idempotency-key': '' }))).toMatch(/^request\./)
  expect(await code(player.ask('POST', path, bet, { origin: 'https://evil.example' }))).toBe('request.foreign_origin')
  expect(await code(player.ask('POST', path, 'a=1', { 'content-type': 'text/plain' }))).toBe('edge.content_type')
  expect(await code(player.ask('POST', path, `{"bets":[],"bets":[]}`))).toBe('request.duplicate_member')
  expect(await code(player.ask('POST', path, 'x'.repeat(70_000)))).toBe('edge.body_too_large')
  expect(await code(player.ask('POST', path, { ...bet, tip: '5' }))).toBe('games.choice_invalid')
  expect(await code(player.ask('GET', '/api/rounds/rnd_999999'))).toBe('games.round_unknown')
  expect(await code(player.ask('GET', '/api/withdrawals/wdr_00000000000000000000000000'))).toMatch(/unknown/)
  const stranger = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  expect(await code(stranger.ask('POST', path, bet))).toBe('sessions.required')
  expect(await code(stranger.ask('POST', '/api/sessions', someone()))).toBe('sessions.sign_in_refused')
  await stranger.close()
})

test('forged, altered, stale and replayed events at the partner face move no money', async () => {
  const partner = openClient(appliance.urls.partner, { ca: appliance.card().ca })
  const tell = (body: string, signed: string) =>
    partner.ask<{ code: string }>('POST', '/api/gateways/sandbox/events', body, { 'gateway-signature': signed })
  const deposit = await depositByCard(player, '10.00')
  const balance = async () => (await player.ask<{ balance: unknown }>('GET', '/api/me')).body.balance
  const before = await balance()
  const event = (id: string, type: string) =>
    JSON.stringify({ id, type, data: { id: 'pay_1', reference: deposit, amount: { value: '10.00', currency: 'EUR' } } })

  const again = event('evt_again', 'payment.succeeded')
  for (const [body, signed] of [
    [again, 't=1,v1=00'],
    [again, signature(again, { ago: 3600 })], // genuine once, an hour old
    [again, signature(`${again} `)],
    [`\ufeff${again}`, signature(again)], // the same to a lenient reader, other bytes
    [again.replace('10.00', '99.00'), signature(again)],
  ] as const)
    expect((await tell(body, signed)).body.code, body).toMatch(/^cashier\.event_not_authentic/)
  for (const body of [again, again, event('evt_late', 'payment.failed')])
    expect((await tell(body, signature(body))).status).toBe(200)
  await until('the events to be processed', async () => {
    const sql = connect(viewHome(home), 'app')
    const rows =
      await sql`select 1 from cashier.gateway_events where id in ('evt_again', 'evt_late') and processed_at is not null`
    await sql.end()
    return rows.length === 2 ? true : undefined
  })
  expect(await balance()).toEqual(before)
  await partner.close()
})

test('the doctor finds everything sound, but for a home whose data nobody backs up', async () => {
  const found = (await examine(viewHome(home))).filter((finding) => finding.severity !== 'sound')
  expect(found.map(({ id, severity }) => `${id}: ${severity}`)).toEqual(['backups: warning'])
})

test('one request is found in the logs of edge and core by its id', async () => {
  const { headers } = await player.ask('POST', '/api/games/roulette-european/rounds', { bets: [] })
  const id = String(headers['x-request-id'])
  await until('the line of each', async () => {
    const found = ['edge', 'core-1', 'core-2'].filter((name) =>
      readFileSync(join(home, 'log', `${name}.log`), 'utf8').includes(id),
    )
    return found.includes('edge') && found.length === 2 ? found : undefined
  })
})

const metricsOf = {
  core: [
    'countroom_requests_total{',
    'countroom_bets_total{',
    'countroom_lane_batch_size_bucket{',
    'countroom_lane_waiting',
    'countroom_pool_connections{state="idle"}',
  ],
  work: ['countroom_pool_connections{', 'countroom_machine_load_ratio', 'countroom_machine_disk_bytes{'],
  edge: ['countroom_edge_requests_total{', 'countroom_edge_core_healthy{'],
  keys: ['countroom_keys_operations_total{'],
  sandbox: ['process_resident_memory_bytes'],
}

test('every process tells its metrics', async () => {
  const { ports } = appliance.card()
  const told = new Map<keyof typeof metricsOf, string>()
  for (const [name, port] of Object.entries(ports).filter(([name]) => name.endsWith('Metrics'))) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(text, name).toContain('nodejs_eventloop_lag_p99_seconds')
    const kind = name.replace(/\d?Metrics$/, '') as keyof typeof metricsOf
    told.set(kind, (told.get(kind) ?? '') + text) // which of the cores took the bets is for the edge to choose
  }
  for (const [kind, metrics] of Object.entries(metricsOf))
    for (const metric of metrics) expect(told.get(kind as keyof typeof metricsOf), kind).toContain(metric)
})
