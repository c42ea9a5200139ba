import { randomUUID } from 'node:crypto'
import * as oauth from 'openid-client'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import * as access from '#access'
import { type ClientKey, discover, newClientKey, type OAuthWorld, openOAuthWorld } from '../support/oauth.ts'
import { employ } from '../support/staff.ts'

/** Staff sign on to an app: code, PKCE, pushed requests and bound tokens, as an independent library asks for them. */
let world: OAuthWorld
let key: ClientKey
let config: oauth.Configuration
const back = 'https://app.example.com/back'
beforeAll(async () => {
  world = await openOAuthWorld()
  key = await newClientKey()
  await world.add('backstage', { kind: 'app', keys: [key.jwk] })
  config = await discover(world.operator, 'backstage', oauth.PrivateKeyJwt(key.key))
})
afterAll(() => world.stop())
afterEach(() => void vi.useRealTimers())

test('a member of staff signs on: code, PKCE, pushed request, DPoP; the app learns who it is [S26] [S30]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  const url = await visit(flow.url, ada.cookie)
  expect(url.searchParams.get('iss')).toBe(String(world.operator.issuer))
  const tokens = await flow.exchange(url)
  expect(tokens).toMatchObject({ token_type: 'dpop', expires_in: 300 })
  expect(tokens.claims()).toMatchObject({ sub: ada.id, aud: 'backstage', nonce: flow.nonce })
  const told = await oauth.fetchUserInfo(config, tokens.access_token, ada.id, { DPoP: flow.DPoP })
  expect(told).toEqual({ sub: ada.id, name: ada.login, preferred_username: ada.login, roles: ['support'] })
  expect(await codes('access.signed_on', ada.id)).toBe(1)
  const shown = await stored()
  for (const secret of [tokens.access_token, tokens.refresh_token!, url.searchParams.get('code')!])
    expect(shown).not.toContain(secret)
})

test('who is not signed in is sent to the desk first, and nobody comes in by a link alone', async () => {
  const { url } = await begin()
  const jar = new Map<string, string>()
  const page = await follow(url, jar)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('data-place="arriving"')
  const again = await follow(new URL('?here', page.url), jar)
  expect(await again.text()).toContain('data-place="signed-out"')
  const stranger = await follow(new URL(page.url), new Map()) // the address without the cookies of that browser
  expect([stranger.status, await stranger.text()]).toEqual([400, expect.stringContaining('began in another browser')])
})

test('an app may ask that somebody signs in for it, or did not long ago; it is told when that was', async () => {
  const ada = await hire('support')
  const ago = (minutes: number) =>
    world.faces.world
      .admin`update staff.sessions set begun_at = now() - make_interval(mins => ${minutes}) where staff = ${ada.id}`
  const comesBack = async (changes: Record<string, string>) => {
    const page = await follow(await push(changes), new Map([ada.cookie.split('=') as [string, string]]))
    return page.headers.get('location') !== null
  }
  await ago(10)
  expect(await comesBack({})).toBe(true)
  expect(await comesBack({ max_age: '1200' })).toBe(true)
  expect(await comesBack({ max_age: '300' })).toBe(false)
  expect(await comesBack({ max_age: '0' })).toBe(false)
  expect(await comesBack({ prompt: 'login' })).toBe(false)
  const flow = await begin()
  const { auth_time } = (await flow.exchange(await visit(flow.url, ada.cookie))).claims()!
  expect(Math.abs(Date.now() / 1000 - 600 - Number(auth_time))).toBeLessThan(30)
  await ago(-1) // signed in anew since
  expect(await comesBack({ prompt: 'login' })).toBe(true)
})

test('a code works once: of fifty at a time one is answered, and then nothing of it is good any more [S28]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  const url = await visit(flow.url, ada.cookie)
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => flow.exchange(url)))
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
  expect(won).toHaveLength(1)
  const tokens = won[0]!.value
  await expect(userInfo(tokens, flow)).rejects.toMatchObject({ status: 401 })
  await expect(refresh(tokens, flow)).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('a code is replayed after it was used: what it gave is taken back [S28]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  const url = await visit(flow.url, ada.cookie)
  const tokens = await flow.exchange(url)
  expect(await userInfo(tokens, flow)).toMatchObject({ sub: ada.id })
  await expect(flow.exchange(url)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(userInfo(tokens, flow)).rejects.toMatchObject({ status: 401 })
})

test.each([
  [58, true],
  [61, false],
])('a code is good for a minute: after %i s %s [S28]', async (seconds, good) => {
  const ada = await hire('support')
  const flow = await begin()
  const url = await visit(flow.url, ada.cookie)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
  const exchanged = flow.exchange(url).then(
    () => true,
    (error: { error: string }) => error.error,
  )
  expect(await exchanged).toBe(good || 'invalid_grant')
})

test('a refresh token is another one each time; an old one ends the whole family [S29]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  const first = await flow.exchange(await visit(flow.url, ada.cookie))
  const second = await refresh(first, flow)
  expect(second.refresh_token).not.toBe(first.refresh_token)
  const third = await refresh(second, flow)
  expect(await userInfo(third, flow)).toMatchObject({ sub: ada.id })
  await expect(refresh(first, flow)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(refresh(third, flow)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(userInfo(third, flow)).rejects.toMatchObject({ status: 401 })
})

test('of many refreshes at a time one is answered, and then the family is over [S29]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  const first = await flow.exchange(await visit(flow.url, ada.cookie))
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => refresh(first, flow)))
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
  expect(won.length).toBeLessThanOrEqual(1)
  for (const { value } of won) await expect(refresh(value, flow)).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('a sign-on ends after a working day, however often it was refreshed [S29]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  let tokens: Pick<Tokens, 'refresh_token'> = await flow.exchange(await visit(flow.url, ada.cookie))
  const began = Date.now()
  for (const hours of [3, 6, 7.9]) {
    vi.useFakeTimers({ toFake: ['Date'], now: began + hours * 3_600_000 })
    tokens = await refresh(tokens, flow)
  }
  vi.useFakeTimers({ toFake: ['Date'], now: began + 8.01 * 3_600_000 })
  await expect(refresh(tokens, flow)).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('a refresh token is its client’s alone, and gives nothing without a proof of a key [S26]', async () => {
  const ada = await hire('support')
  const flow = await begin()
  const tokens = await flow.exchange(await visit(flow.url, ada.cookie))
  await expect(refresh(tokens, { DPoP: undefined })).rejects.toMatchObject({ error: 'invalid_grant' })
  const own = await newClientKey()
  await world.add('thief', { kind: 'app', keys: [own.jwk] })
  const thief = await discover(world.operator, 'thief', oauth.PrivateKeyJwt(own.key))
  const DPoP = oauth.getDPoPHandle(thief, await oauth.randomDPoPKeyPair('ES256'))
  const stolen = oauth.refreshTokenGrant(thief, tokens.refresh_token!, undefined, { DPoP })
  await expect(stolen).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('who signs out at the desk, or works here no more, is out of every app', async () => {
  for (const way of ['signs out', 'is disabled'] as const) {
    const ada = await hire('support')
    const flow = await begin()
    const tokens = await flow.exchange(await visit(flow.url, ada.cookie))
    if (way === 'signs out') {
      const answer = await world.operator.fetch('/api/sessions/current', {
        method: 'DELETE',
        headers: { cookie: ada.cookie, origin: world.operator.issuer.origin, 'idempotency-key': randomUUID() },
      })
      expect(answer.status).toBe(200)
    } else await world.faces.world.admin`update staff.members set disabled_at = now() where staff = ${ada.id}`
    await expect(userInfo(tokens, flow), way).rejects.toMatchObject({ status: 401 })
    await expect(refresh(tokens, flow), way).rejects.toMatchObject({ error: 'invalid_grant' })
  }
})

test('an address to return to is compared letter by letter [S27]', async () => {
  const others = [
    `${back}/`,
    `${back}/more`,
    `${back}?x=1`,
    `${back}#x`,
    'https://app.example.com/bac',
    'https://app.example.com/BACK',
    'https://app.example.com/b%61ck',
    'https://app.example.com/./back',
    'https://app.example.com/x/../back',
    'https://app.example.com//back',
    'https://app.example.com:443/back',
    'https://app.example.com:8443/back',
    'http://app.example.com/back',
    'https://user@app.example.com/back',
    'https://app.example.com.evil.example/back',
    'https://evil.example/https://app.example.com/back',
    'https://app.example.com@evil.example/back',
    'https://аpp.example.com/back',
    'https://APP.example.com/back',
    ' https://app.example.com/back',
    'javascript:alert(1)',
    '',
  ]
  for (const uri of others)
    await expect(push({ redirect_uri: uri }), uri).rejects.toMatchObject({ error: 'invalid_request' })
  expect(await push({})).toBeInstanceOf(URL)
  for (const uri of [
    'http://app.example.com/back',
    'https://app.example.com:443/back',
    'https://a@b.example/',
    'https://*.example.com/',
    'https://A.example/',
  ])
    await expect(
      world.add(`app-${randomUUID().slice(0, 8)}`, { kind: 'app', keys: [key.jwk], redirectUris: [uri] }),
      uri,
    ).rejects.toMatchObject({ code: 'access.client_invalid' })
})

test('no challenge, a plain one, a wrong verifier, a request not pushed: refused [S30]', async () => {
  await expect(push({ code_challenge: undefined })).rejects.toMatchObject({ error: 'invalid_request' })
  await expect(push({ code_challenge_method: 'plain' })).rejects.toMatchObject({ error: 'invalid_request' })
  await expect(push({ code_challenge_method: undefined })).rejects.toMatchObject({ error: 'invalid_request' })
  for (const response_type of ['token', 'id_token', 'code id_token', 'none'])
    await expect(push({ response_type }), response_type).rejects.toMatchObject({
      error: expect.stringMatching(/unsupported_response_type|invalid_request|unauthorized_client/),
    })
  const ada = await hire('support')
  const flow = await begin()
  const url = await visit(flow.url, ada.cookie)
  await expect(flow.exchange(url, { pkceCodeVerifier: oauth.randomPKCECodeVerifier() })).rejects.toMatchObject({
    error: 'invalid_grant',
  })
  const plain = oauth.buildAuthorizationUrl(config, await parameters({}))
  const refused = await world.operator.fetch(plain, { headers: { cookie: ada.cookie } })
  const where = new URL(String(refused.headers.get('location')))
  expect([where.origin + where.pathname, where.searchParams.get('error')]).toEqual([back, 'invalid_request'])
})

test('a pushed request is for who pushed it, and works once', async () => {
  const ada = await hire('support')
  const own = await newClientKey()
  await world.add('other-app', { kind: 'app', keys: [own.jwk], redirectUris: ['https://other.example.com/back'] })
  const flow = await begin()
  await visit(flow.url, ada.cookie)
  const again = await world.operator.fetch(flow.url, { headers: { cookie: ada.cookie } })
  expect(again.status === 400 || new URL(String(again.headers.get('location'))).searchParams.get('error')).toBeTruthy()
  const stolen = new URL((await begin()).url)
  stolen.searchParams.set('client_id', 'other-app')
  const answer = await world.operator.fetch(stolen, { headers: { cookie: ada.cookie } })
  expect(answer.status).toBe(400)
})

test('a tool that cannot push requests may do without only with a certificate; a machine is no app', async () => {
  await expect(world.add('lazy-app', { kind: 'app', keys: [key.jwk], pushed: false })).rejects.toMatchObject({
    code: 'access.client_invalid',
  })
  await world.add('a-machine', { kind: 'machine', keys: [key.jwk] })
  const machine = await discover(world.operator, 'a-machine', oauth.PrivateKeyJwt(key.key))
  await expect(oauth.buildAuthorizationUrlWithPAR(machine, await parameters({}))).rejects.toMatchObject({
    error: 'invalid_client',
  })
})

test('an app may send any character with its request, and gets it back', async () => {
  const ada = await hire('support')
  const state = 'a\u0000b 😀 "\\'
  const url = await oauth.buildAuthorizationUrlWithPAR(config, await parameters({ state }))
  expect((await visit(url, ada.cookie)).searchParams.get('state')).toBe(state)
})

test('what has ended is swept', async () => {
  const count = async () =>
    (await world.faces.world.admin<Array<{ n: number }>>`select count(*)::int as n from access.artifacts`)[0]!.n
  expect(await count()).toBeGreaterThan(0)
  const now = new Date(Date.now() + 9 * 3_600_000)
  await world.faces.world.act((tx) => access.sweep(tx, { now, limit: 10_000 }))
  expect(await count()).toBe(0)
})

type Flow = Awaited<ReturnType<typeof begin>>
type Tokens = Awaited<ReturnType<Flow['exchange']>>

async function parameters(changes: Record<string, string | undefined>): Promise<Record<string, string>> {
  const all = {
    redirect_uri: back,
    scope: 'openid profile',
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
    ...changes,
  }
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined))
}

async function push(changes: Record<string, string | undefined>): Promise<URL> {
  return oauth.buildAuthorizationUrlWithPAR(config, await parameters(changes))
}

/** Pushes a request; `exchange` does what the app does once the browser is back. */
async function begin() {
  const verifier = oauth.randomPKCECodeVerifier()
  const [nonce, state] = [oauth.randomNonce(), oauth.randomState()]
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
  const code_challenge = await oauth.calculatePKCECodeChallenge(verifier)
  const url = await oauth.buildAuthorizationUrlWithPAR(config, await parameters({ code_challenge, nonce, state }), {
    DPoP,
  })
  return {
    url,
    nonce,
    DPoP: DPoP as oauth.DPoPHandle | undefined,
    exchange: (returned: URL, checks: oauth.AuthorizationCodeGrantChecks = {}) =>
      oauth.authorizationCodeGrant(
        config,
        returned,
        { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, ...checks },
        undefined,
        { DPoP },
      ),
  }
}

function refresh(tokens: Pick<Tokens, 'refresh_token'>, { DPoP }: Pick<Flow, 'DPoP'>) {
  return oauth.refreshTokenGrant(config, tokens.refresh_token!, undefined, DPoP ? { DPoP } : {})
}

function userInfo(tokens: Pick<Tokens, 'access_token'>, { DPoP }: Pick<Flow, 'DPoP'>) {
  return oauth.fetchUserInfo(config, tokens.access_token, oauth.skipSubjectCheck, DPoP ? { DPoP } : {})
}

/** Goes where a browser would go until it is sent back to the app. */
async function visit(url: URL, cookie: string): Promise<URL> {
  const [name = '', value = ''] = cookie.split('=')
  const answer = await follow(url, new Map([[name, value]]))
  const location = answer.headers.get('location')
  if (!location) throw new Error(`it ended at ${answer.status}: ${await answer.text()}`)
  return new URL(location)
}

async function follow(url: URL, jar: Map<string, string>): Promise<Response & { url: string }> {
  let at = url
  for (;;) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await world.operator.fetch(at, { headers: cookie ? { cookie } : {} })
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', ...value] = (line.split(';')[0] ?? '').split('=')
      if (value.join('=') === '') jar.delete(name)
      else jar.set(name, value.join('='))
    }
    const location = answer.headers.get('location')
    const next = location ? new URL(location, at) : undefined
    if (!next || next.origin !== world.operator.issuer.origin)
      return Object.defineProperty(answer, 'url', { value: at.href }) as Response & { url: string }
    at = next
  }
}

async function hire(role: 'support') {
  const { world: here } = world.faces
  const { id, login, passkey } = await here.act((tx) =>
    employ(tx, here.command(), { role }, world.operator.issuer.origin),
  )
  const post = (path: string, body?: object) =>
    world.operator.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: world.operator.issuer.origin },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const options = await (await post('/api/sessions/challenge')).json()
  const answer = await post('/api/sessions', { passkey: passkey.get(options as never) })
  expect(answer.status).toBe(201)
  return { id, login, cookie: answer.headers.getSetCookie()[0]!.split(';')[0]! }
}

async function codes(code: string, actor: string): Promise<number> {
  const rows = await world.faces.world.sql`select from audit.events where code = ${code} and actor = ${actor}`
  return rows.count
}

async function stored(): Promise<string> {
  return JSON.stringify(await world.faces.world.admin`select * from access.artifacts`)
}
