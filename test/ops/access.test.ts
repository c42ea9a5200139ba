import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as oauth from 'openid-client'
import { chromium, type Route } from 'playwright-core'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as keys from '#keys'
import type { Sql } from '../../core/host/database.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { presentOps } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import type { SoftAuthenticator } from '../support/authenticator.ts'
import { until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { type ClientKey, newClientKey } from '../support/oauth.ts'
import { employ } from '../support/staff.ts'
import { countroom, removeHome } from './command.ts'

/** Machines and apps against a running appliance: through the edge, with certificates of its authority, let in by two people. */
const home = newHome('small')
const away = mkdtempSync(join(tmpdir(), 'cr-client-'))
const password = 'a long enough password'
const people = [
  { login: 'ann', password },
  { login: 'ben', password },
]
const passkeys = new Map<string, SoftAuthenticator>()
const dispatchers: Agent[] = []
let appliance: Appliance
let sql: Sql
let key: ClientKey
beforeAll(async () => {
  appliance = await startAppliance({ home, freePorts: true })
  sql = connect(viewHome(home), 'app')
  key = await newClientKey()
  const core = keys.connectKeys(presentOps(viewHome(home)))
  const command = { ...systemCommand('test'), keys: core }
  const { origin } = new URL(appliance.urls.operator)
  for (const { login } of people)
    passkeys.set(
      login,
      (await sql.begin((tx) => employ(tx, command, { role: 'administrator', login, password }, origin))).passkey,
    )
  await core.close()
}, 120_000)
afterAll(async () => {
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()))
  await sql?.end({ timeout: 1 })
  await appliance?.stop()
  removeHome(home)
  rmSync(away, { recursive: true, force: true })
})

const machine = () => ({
  kind: 'machine',
  name: 'Reporting tool',
  authentication: 'key',
  keys: [key.jwk],
  binding: 'dpop',
  scopes: ['books.read'],
})

test('nobody lets a client in alone; two do, and it is there at once', async () => {
  const file = describe(machine())
  const alone = await run(['add', 'reports', '--from', file], people.slice(0, 1))
  expect([alone.code, alone.out]).toEqual([1, expect.stringMatching(/needs the yes of 2/)])
  const { code, out } = await run(['add', 'reports', '--from', file], people)
  expect([code, out]).toEqual([0, expect.stringContaining('reports is let in')])
  expect((await run(['list'])).out).toMatch(/^reports +machine +a key, tokens bound by dpop +books\.read/m)
  const [event] = await sql<Array<{ entry: string }>>`select entry from audit.events where code = 'access.client_added'`
  expect((JSON.parse(event!.entry) as { detail: { approvedBy: string[] } }).detail.approvedBy).toHaveLength(2)
})

test('a machine gets a token by its key and reads the books, through the edge', async () => {
  const config = await discover('partner', 'reports', oauth.PrivateKeyJwt(key.key))
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
  const { access_token } = await oauth.clientCredentialsGrant(config, { scope: 'books.read' }, { DPoP })
  const books = new URL('/api/books/balances', appliance.urls.partner)
  const answer = await oauth.fetchProtectedResource(config, access_token, books, 'GET', null, undefined, { DPoP })
  expect(answer.status).toBe(200)
})

test('a certificate of the authority does as well, by itself only, and not when it was taken back [S26]', async () => {
  await enrol('ledger-tool')
  const about = {
    ...machine(),
    authentication: 'certificate',
    keys: [],
    component: 'ledger-tool',
    binding: 'certificate',
  }
  expect((await run(['add', 'ledger-tool', '--from', describe(about)], people)).code).toBe(0)
  const shown = await discover('partner', 'ledger-tool', oauth.TlsClientAuth(), 'ledger-tool')
  const { access_token } = await oauth.clientCredentialsGrant(shown, { scope: 'books.read' })
  const books = new URL('/api/books/balances', appliance.urls.partner)
  const read = (component?: string, headers: Record<string, string> = {}) =>
    fetchBy(component)(books, { headers: { authorization: `Bearer ${access_token}`, ...headers } })
  expect((await read('ledger-tool')).status).toBe(200)
  expect((await read()).status).toBe(401)
  const der = readFileSync(join(away, 'ledger-tool.pem'), 'utf8')
    .match(/-----BEGIN CERTIFICATE-----([^-]+)/)![1]!
    .replaceAll('\n', '')
  expect((await read(undefined, { 'x-client-certificate': der })).status, 'a header of one’s own').toBe(401)
  await enrol('another-tool')
  expect((await read('another-tool')).status).toBe(401)
  const other = await discover('partner', 'ledger-tool', oauth.TlsClientAuth(), 'another-tool')
  await expect(oauth.clientCredentialsGrant(other, {})).rejects.toMatchObject({ error: 'invalid_client' })
  const revoked = await countroom(home, ['pki', 'revoke', 'ledger-tool', '--reason', 'it was sold', '--yes'])
  expect(revoked.code, revoked.out).toBe(0)
  await until('the edge to know', async () => {
    const refused = await read('ledger-tool').then(
      () => undefined,
      (error: { code: string }) => error.code,
    )
    return refused
  })
})

test('a tool that can neither push nor prove signs staff on by its certificate, as Grafana does', async () => {
  await enrol('grafana')
  const back = 'https://grafana.example.com/login/generic_oauth'
  const about = {
    kind: 'app',
    name: 'Grafana',
    authentication: 'certificate',
    component: 'grafana',
    binding: 'certificate',
    scopes: ['openid', 'profile'],
    redirectUris: [back],
    pushed: false,
  }
  const { code, out } = await run(['add', 'grafana', '--from', describe(about)], people)
  expect(code, out).toBe(0)
  const config = await discover('operator', 'grafana', oauth.TlsClientAuth(), 'grafana')
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
  const state = oauth.randomState()
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: back,
    scope: 'openid profile',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const returned = await browse(url, await signIn('ann'))
  const tokens = await oauth.authorizationCodeGrant(config, returned, {
    pkceCodeVerifier,
    expectedState: state,
    idTokenExpected: true,
  })
  const told = await oauth.fetchUserInfo(config, tokens.access_token, tokens.claims()!.sub)
  expect(told).toMatchObject({ preferred_username: 'ann', roles: ['administrator'] })
  const stolen = await discover('operator', 'grafana', oauth.TlsClientAuth())
  await expect(oauth.fetchUserInfo(stolen, tokens.access_token, tokens.claims()!.sub)).rejects.toThrow()
})

test('in a browser: from the app by way of the desk and back, though its cookie is not sent to who comes from elsewhere', async () => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
  })
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    const config = await discover('operator', 'grafana', oauth.TlsClientAuth(), 'grafana')
    const url = oauth.buildAuthorizationUrl(config, {
      redirect_uri: 'https://grafana.example.com/login/generic_oauth',
      scope: 'openid profile',
      state: 'of the app',
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    })
    const body = `<a href="${url.href.replaceAll('&', '&amp;')}">Sign in at the desk</a>`
    const app = (route: Route) => route.fulfill({ contentType: 'text/html', body })
    await page.route('https://grafana.example.com/**', app)
    await page.goto('https://grafana.example.com/login')
    await page.getByRole('link').click()
    await page.waitForURL(/\/sign-in$/)
    const there = await page.evaluate<string>("sessionStorage.getItem('return')")
    expect(there).toMatch(/^\/oauth\/interaction\/[\w-]+\?here$/)
    const [name = '', value = ''] = (await signIn('ann')).split('=')
    const { origin } = new URL(appliance.urls.operator)
    await context.addCookies([{ name, value, url: origin, secure: true, httpOnly: true, sameSite: 'Strict' }])
    const first = page.waitForRequest(/generic_oauth\?/) // where nobody answers
    await page.goto(`${origin}${there}`).catch(() => {})
    await first
    const again = await context.newPage()
    await again.route('https://grafana.example.com/**', app)
    await again.goto('https://grafana.example.com/login')
    const back = again.waitForRequest(/generic_oauth\?/)
    await again.getByRole('link').click()
    const returned = new URL((await back).url()).searchParams
    expect([returned.get('state'), returned.get('iss')]).toEqual(['of the app', `${origin}/oauth`])
    expect(returned.get('code')).toBeTruthy()
  } finally {
    await browser.close()
  }
})

test('an app of ours signs staff on: code, PKCE, pushed request, DPoP, refresh; removed, it is out at once [S29] [S30]', async () => {
  const back = 'https://backstage.example.com/back'
  const about = { ...machine(), kind: 'app', name: 'Backstage', scopes: ['openid', 'profile'], redirectUris: [back] }
  expect((await run(['add', 'backstage', '--from', describe(about)], people)).code).toBe(0)
  const config = await discover('operator', 'backstage', oauth.PrivateKeyJwt(key.key))
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
  const url = await oauth.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: back,
      scope: 'openid profile',
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  )
  const returned = await browse(url, await signIn('ben'))
  const tokens = await oauth.authorizationCodeGrant(
    config,
    returned,
    { pkceCodeVerifier, idTokenExpected: true },
    undefined,
    { DPoP },
  )
  const next = await oauth.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP })
  expect(
    (await oauth.fetchUserInfo(config, next.access_token, tokens.claims()!.sub, { DPoP })).preferred_username,
  ).toBe('ben')
  const removed = await run(['remove', 'backstage', '--reason', 'it is not used any more'], people)
  expect(removed.code, removed.out).toBe(0)
  await expect(oauth.refreshTokenGrant(config, next.refresh_token!, undefined, { DPoP })).rejects.toMatchObject({
    error: 'invalid_client',
  })
  await expect(oauth.fetchUserInfo(config, next.access_token, tokens.claims()!.sub, { DPoP })).rejects.toThrow()
})

function run(args: string[], vouchers?: object[]) {
  return countroom(home, ['access', ...args], vouchers ? { input: JSON.stringify(vouchers) } : {})
}

function describe(client: object): string {
  const file = join(away, 'client.json')
  writeFileSync(file, JSON.stringify(client))
  return file
}

/** Its certificate, got where the client is. */
async function enrol(component: string): Promise<void> {
  const offered = await countroom(home, ['pki', 'enrol', 'client', component, '--json'])
  expect(offered.code, offered.out).toBe(0)
  const { token } = JSON.parse(offered.out) as { token: string }
  const authority = ['--operator', appliance.urls.operator, '--ca', appliance.card().ca]
  const asked = await countroom(join(away, 'none'), [
    'pki',
    'request',
    component,
    '--token',
    token,
    ...authority,
    '--to',
    away,
  ])
  expect(asked.code, asked.out).toBe(0)
}

/** `fetch` over TLS to the edge, with the certificate of a component or none; never follows. */
function fetchBy(component?: string) {
  const file = (ending: string) => readFileSync(join(away, `${component}.${ending}`), 'utf8')
  const ca = readFileSync(appliance.card().ca)
  const dispatcher = new Agent({ connect: { ca, ...(component ? { cert: file('pem'), key: file('key') } : {}) } })
  dispatchers.push(dispatcher)
  return async (url: string | URL, { method = 'GET', headers, body }: RequestInit = {}): Promise<Response> => {
    const answer = await request(url, {
      dispatcher,
      method: method as 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      body: body == null ? null : String(body),
    })
    const told = new Headers()
    for (const [name, value] of Object.entries(answer.headers))
      for (const each of [value ?? ''].flat()) told.append(name, each)
    const text = await answer.body.text()
    return new Response(text === '' ? null : text, { status: answer.statusCode, headers: told })
  }
}

function discover(face: 'partner' | 'operator', client: string, authentication: oauth.ClientAuth, component?: string) {
  const asked = fetchBy(component)
  const metadata = { ...(component ? { tls_client_certificate_bound_access_tokens: true } : {}) }
  return oauth.discovery(new URL('/oauth', appliance.urls[face]), client, metadata, authentication, {
    [oauth.customFetch]: (url, init) => asked(url, init as RequestInit),
  })
}

async function signIn(login: string): Promise<string> {
  const post = (path: string, body?: object) =>
    fetchBy()(new URL(path, appliance.urls.operator), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(appliance.urls.operator).origin },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const options = await (await post('/api/sessions/challenge')).json()
  const answer = await post('/api/sessions', { passkey: passkeys.get(login)!.get(options as never) })
  expect(answer.status).toBe(201)
  return answer.headers.getSetCookie()[0]!.split(';')[0]!
}

/** Goes where a browser would go, as who is signed in at the desk, until it is sent back to the app. */
async function browse(url: URL, cookie: string): Promise<URL> {
  const asked = fetchBy()
  const jar = new Map([cookie.split('=') as [string, string]])
  let at = url
  for (;;) {
    const answer = await asked(at, {
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', ...value] = (line.split(';')[0] ?? '').split('=')
      jar.set(name, value.join('='))
    }
    const location = answer.headers.get('location')
    if (!location) throw new Error(`it ended at ${answer.status}: ${await answer.text()}`)
    at = new URL(location, at)
    if (at.origin !== new URL(appliance.urls.operator).origin) return at
  }
}
