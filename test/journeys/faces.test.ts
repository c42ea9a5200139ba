import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { examine } from '../../ops/commands/doctor.ts'
import { verify } from '../../ops/commands/verify.ts'
import { arrive, type Client, depositByCard, must, openClient, someone, until } from '../support/client.ts'

let appliance: Appliance
let home: string
let player: Client
let operator: Client
let ada: { email: string; password: string }
const staffPassword = 'a very long password indeed'

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'cr-'))
  chmodSync(home, 0o755) // the service user must reach it
  appliance = await startAppliance({ home, freePorts: true })
  const { ca, urls } = appliance.card()
  player = openClient(urls.lobby, { ca })
  operator = openClient(urls.operator, { ca })
  await must(
    operator.ask('POST', '/api/enrolments/use', {
      secret: urls.enrolment?.split('#')[1],
      login: 'grace',
      password: staffPassword,
    }),
    201,
  )
  await must(operator.ask('POST', '/api/sessions', { login: 'grace', password: staffPassword }), 201)
})
afterAll(async () => {
  await player?.close()
  await operator?.close()
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
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
    await operator.ask<{ records: Array<{ action: string }> }>('GET', `/api/audit?subject=${id}`)
  ).body.records.map((record) => record.action)
  expect(log).toContain('cashier.withdrawal_approved')
  expect((await verify(viewHome(home))).checks.filter((check) => !check.ok)).toEqual([])
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

test('the database, Redis and the logs hold no personal data in the clear', () => {
  const secrets = [ada.email, ada.password, 'Lovelace', 'St James Square', '1985-12-10', '4242424242424242']
  const run = join(home, 'run')
  const view = viewHome(home)
  const dump = execFileSync('/usr/lib/postgresql/15/bin/pg_dump', ['-h', run, '-U', 'postgres', 'countroom'], {
    env: { ...process.env, PGPASSWORD: readSecretFile(view, 'postgres-admin') },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
  })
  const redis = execFileSync(
    'redis-cli',
    ['-s', join(run, 'redis.sock'), '--no-auth-warning', '-a', readSecretFile(view, 'redis'), 'keys', '*'],
    { encoding: 'utf8' },
  )
  const logs = readdirSync(join(home, 'log'))
    .map((file) => readFileSync(join(home, 'log', file), 'utf8'))
    .join('\n')
  expect(dump.includes('roulette-european')).toBe(true) // it is a real dump
  for (const [where, text] of Object.entries({ dump, redis, logs }))
    for (const secret of secrets) expect(text.includes(secret), `${secret} in ${where}`).toBe(false)
})

test('generated input at every route of every face gets an answer of its own, never a 500 and never money', async () => {
  const before = (await player.ask<{ balance: unknown }>('GET', '/api/me')).body.balance
  const documents = [
    { client: player, document: playerDocument },
    { client: operator, document: (await operator.ask<Document>('GET', '/openapi.json')).body },
  ]
  const hostile = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      '',
      [],
      {},
      -1,
      1e308,
      '9'.repeat(400),
      { __proto__: 1 },
      '{"a":1,"a":2}',
      'not json',
      '\u0000',
      { amount: '-1.00', currency: 'EUR' },
      { amount: { amount: '1.001', currency: 'EUR' } },
      { amount: { amount: '1.00', currency: 'XXX' } },
    ),
    fc.anything({ maxDepth: 3 }),
  )
  for (const { client, document } of documents)
    for (const [path, methods] of Object.entries(document.paths))
      for (const method of Object.keys(methods)) {
        if (path === '/api/sessions/current' || path.includes('exclusion') || path.includes('break')) continue // acts that end this test's own session or play
        await fc.assert(
          fc.asyncProperty(
            hostile,
            fc.constantFrom('x', '%20', 'plr_1', '999999999999999999999', "' or 1=1"),
            async (body, id) => {
              const target = path.replaceAll(/\{\w+\}/g, encodeURIComponent(id))
              const answer = await client.ask<{ code?: string }>(
                method.toUpperCase(),
                target,
                method === 'get' ? undefined : typeof body === 'string' ? body : (JSON.stringify(body) ?? 'null'),
              )
              expect(answer.status, `${method} ${target} ${answer.raw.slice(0, 200)}`).not.toBe(500)
              if (answer.status >= 400)
                expect(answer.body.code, `${method} ${target} ${answer.raw.slice(0, 200)}`).toMatch(
                  /^[a-z]+\.[a-z0-9_]+$/,
                )
            },
          ),
          { numRuns: 6 },
        )
      }
  expect((await player.ask<{ balance: unknown }>('GET', '/api/me')).body.balance).toEqual(before)
})

test('missing keys, foreign origins, foreign ids and oversize bodies are refused with a stable code', async () => {
  const path = '/api/games/roulette-european/rounds'
  const bet = { bets: [{ on: 'red', amount: '1.00' }] }
  const code = async (answer: Promise<{ body: { code?: string } }>) => (await answer).body.code
  expect(await code(player.ask('POST', path, bet, { 'idempotency-key': '' }))).toMatch(/^request\./)
  expect(await code(player.ask('POST', path, bet, { origin: 'https://evil.example' }))).toBe('request.foreign_origin')
  expect(await code(player.ask('POST', path, 'a=1', { 'content-type': 'text/plain' }))).toBe('request.not_json')
  expect(await code(player.ask('POST', path, `{"bets":[],"bets":[]}`))).toBe('request.duplicate_member')
  expect(await code(player.ask('POST', path, 'x'.repeat(70_000)))).toBe('edge.body_too_large')
  expect(await code(player.ask('POST', path, { ...bet, tip: '5' }))).toBe('request.invalid')
  expect(await code(player.ask('GET', '/api/rounds/rnd_999999'))).toBe('games.round_unknown')
  expect(await code(player.ask('GET', '/api/withdrawals/wdr_00000000000000000000000000'))).toMatch(/unknown/)
  const stranger = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  expect(await code(stranger.ask('POST', path, bet))).toBe('sessions.required')
  expect(await code(stranger.ask('POST', '/api/sessions', someone()))).toBe('sessions.sign_in_refused')
  await stranger.close()
})

test('a forged or replayed event at the partner face does no harm', async () => {
  const partner = openClient(appliance.urls.partner, { ca: appliance.card().ca })
  const event = { id: 'evt_forged', type: 'payment.succeeded', data: { id: 'x', reference: 'dep_x' } }
  const answer = await partner.ask<{ code: string }>('POST', '/api/gateways/sandbox/events', event, {
    'gateway-signature': 't=1,v1=00',
  })
  expect(answer.status).toBe(401)
  expect(answer.body.code).toMatch(/^cashier\./)
  await partner.close()
})

test('the doctor finds everything sound', async () => {
  expect((await examine(viewHome(home))).filter((finding) => finding.severity !== 'sound')).toEqual([])
})

test('every process tells its metrics', async () => {
  const { ports } = appliance.card()
  for (const [name, port] of Object.entries(ports).filter(([name]) => name.endsWith('Metrics'))) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(text, name).toMatch(/process_resident_memory_bytes|nodejs_/)
  }
})

type Document = { paths: Record<string, Record<string, unknown>> }
/** The player face has no public document; its routes are listed by the code. */
const playerDocument: Document = {
  paths: Object.fromEntries(
    [
      ['/api/registrations', 'post'],
      ['/api/registrations/confirmation', 'post'],
      ['/api/registrations/code', 'post'],
      ['/api/terms', 'get'],
      ['/api/me', 'get'],
      ['/api/limits', 'get'],
      ['/api/limits/{period}', 'put'],
      ['/api/deposits', 'post'],
      ['/api/deposits/{id}', 'get'],
      ['/api/withdrawals', 'post'],
      ['/api/withdrawals/{id}', 'get'],
      ['/api/instruments', 'get'],
      ['/api/statement', 'get'],
      ['/api/games', 'get'],
      ['/api/games/{game}', 'get'],
      ['/api/games/{game}/rounds', 'post'],
      ['/api/rounds', 'get'],
      ['/api/rounds/{round}', 'get'],
    ].map(([path, method]) => [path, { [method as string]: {} }]),
  ),
}
