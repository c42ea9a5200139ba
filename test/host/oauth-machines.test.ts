import { createHash, createHmac, generateKeyPairSync, randomUUID, sign, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import * as oauth from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as access from '#access'
import * as pki from '#pki'
import { openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { until } from '../support/client.ts'
import { type ClientKey, discover, newClientKey, type OAuthWorld, openOAuthWorld } from '../support/oauth.ts'

/** Tokens for machines: client credentials on the partner face, as an independent library asks for them. */
let world: OAuthWorld
let key: ClientKey
let config: oauth.Configuration
let authority: TestAuthority
beforeAll(async () => {
  world = await openOAuthWorld()
  authority = await openTestAuthority({ db: world.faces.world, agent: world.faces.world.agent })
  key = await newClientKey()
  await world.add('reports', { kind: 'machine', keys: [key.jwk], scopes: ['books.read'] })
  config = await discover(world.partner, 'reports', oauth.PrivateKeyJwt(key.key), {
    metadata: { use_mtls_endpoint_aliases: false },
  })
})
afterAll(async () => {
  await authority?.stop()
  await world?.stop()
})

const books = new URL('https://localhost:8443/api/books/balances')

async function token(scope = 'books.read', from = config) {
  const DPoP = oauth.getDPoPHandle(from, await oauth.randomDPoPKeyPair('ES256'))
  const answer = await oauth.clientCredentialsGrant(from, { scope }, { DPoP })
  return { ...answer, DPoP }
}

async function read({ access_token, DPoP }: Awaited<ReturnType<typeof token>>, url = books) {
  const answer = await oauth
    .fetchProtectedResource(config, access_token, url, 'GET', null, undefined, { DPoP })
    .catch((error: { cause?: unknown; response?: Response }) => error.response ?? (error.cause as Response))
  return answer as Response
}

/** A request with a token and a proof made by hand. */
async function ask(accessToken: string, proof?: string, scheme = 'DPoP', path = books.pathname) {
  const answer = await world.partner.fetch(path, {
    headers: { authorization: `${scheme} ${accessToken}`, ...(proof === undefined ? {} : { dpop: proof }) },
  })
  return { status: answer.status, code: ((await answer.json()) as { code?: string }).code }
}

type Pair = ReturnType<typeof pair>
function pair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

async function proofOf(keys: Pair, over: string | undefined, claims: Record<string, unknown> = {}, header = {}) {
  const ath = over === undefined ? {} : { ath: createHash('sha256').update(over).digest('base64url') }
  const jwk = keys.publicKey.export({ format: 'jwk' })
  return new SignJWT({
    htm: 'GET',
    htu: books.href,
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    ...ath,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(keys.privateKey)
}

/** A token bound to a key we hold, asked for by hand: nonce and all. */
async function tokenBoundTo(keys: Pair): Promise<string> {
  const url = `${world.partner.issuer}/token`
  const send = async (nonce?: string) =>
    world.partner.fetch(url, {
      method: 'POST',
      headers: { dpop: await proofOf(keys, undefined, { htm: 'POST', htu: url, ...(nonce ? { nonce } : {}) }) },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'books.read', ...(await assertion()) }),
    })
  const first = await send()
  const answer = await send(first.headers.get('dpop-nonce') ?? undefined)
  return ((await answer.json()) as { access_token: string }).access_token
}

async function assertion(claims: Record<string, unknown> = {}, by = key.privateKey) {
  const now = Math.floor(Date.now() / 1000)
  const body = {
    iss: 'reports',
    sub: 'reports',
    aud: String(world.partner.issuer),
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
  }
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT({ ...body, ...claims }).setProtectedHeader({ alg: 'ES256' }).sign(by),
  }
}

test('a machine gets a token by its key, bound to a key of the moment, and reads what it is for [S26]', async () => {
  const got = await token()
  expect(got).toMatchObject({ token_type: 'dpop', expires_in: 300, scope: 'books.read' })
  expect(decodeProtectedHeader(got.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: 'sk-token-1' })
  expect(decodeJwt(got.access_token)).toMatchObject({
    iss: String(world.partner.issuer),
    aud: books.origin,
    client_id: 'reports',
  })
  const answer = await read(got)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ liability: expect.any(Array), house: expect.any(Array) })
  const events = await world.faces.world.sql<Array<{ code: string; subject: string }>>`
    select code, subject from audit.events where code in ('access.token_granted', 'ledger.house_viewed') order by id`
  expect(events.map(({ code }) => code)).toContain('access.token_granted')
  const [viewed] = await world.faces.world.sql<Array<{ entry: string }>>`
    select entry from audit.events where code = 'ledger.house_viewed' limit 1`
  expect(JSON.parse(viewed!.entry).actor).toEqual({ kind: 'partner', id: 'reports' })
})

test('a token is for its scopes, and a scope is for the clients that have it [S21]', async () => {
  const refused = await read(await token(), new URL('/api/books/proof', books))
  expect(refused.status).toBe(403)
  expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope')
  await expect(token('proof.read')).rejects.toMatchObject({ error: 'invalid_scope' })
  const nothing = await token('everything')
  expect(nothing.scope).toBeUndefined()
  expect((await read(nothing)).status).toBe(403)
})

test('a certificate of our authority does instead of a key, and binds the token to itself [S26]', async () => {
  const pem = await certificateOf('ledger-tool')
  await world.add('ledger-tool', {
    kind: 'machine',
    authentication: 'certificate',
    component: 'ledger-tool',
    binding: 'certificate',
  })
  const mtls = await discover(world.partner, 'ledger-tool', oauth.TlsClientAuth(), { certificate: pem })
  const got = await oauth.clientCredentialsGrant(mtls, { scope: 'books.read' })
  expect(got.token_type).toBe('bearer')
  const bearer = { headers: { authorization: `Bearer ${got.access_token}` } }
  expect((await world.partner.fetch(books, bearer, pem)).status).toBe(200)
  expect((await world.partner.fetch(books, bearer)).status).toBe(401)
  expect((await world.partner.fetch(books, bearer, await certificateOf('ledger-tool'))).status).toBe(401)
  for (const shown of [undefined, await certificateOf('another-tool')]) {
    const stranger = await discover(
      world.partner,
      'ledger-tool',
      oauth.TlsClientAuth(),
      shown ? { certificate: shown } : {},
    )
    await expect(oauth.clientCredentialsGrant(stranger, { scope: 'books.read' })).rejects.toMatchObject({
      error: 'invalid_client',
    })
  }
  await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'ledger-tool', reason: 'it was sold' }))
  expect((await world.partner.fetch(books, bearer, pem)).status, 'on a connection that is still open').toBe(401)
  await expect(oauth.clientCredentialsGrant(mtls, { scope: 'books.read' })).rejects.toMatchObject({
    error: 'invalid_client',
  })
})

test('no secret, no anonymity, no basic authentication, no other grant [S30]', async () => {
  const ways: Array<oauth.ClientAuth> = [
    oauth.None(),
    oauth.ClientSecretBasic('secret'),
    oauth.ClientSecretPost('secret'),
    oauth.ClientSecretJwt('s'.repeat(32)),
  ]
  for (const way of ways) {
    const weak = await discover(world.partner, 'reports', way)
    await expect(token('books.read', weak)).rejects.toMatchObject({
      status: expect.toSatisfy((s) => s === 400 || s === 401),
    })
  }
  for (const grant_type of [
    'password',
    'authorization_code',
    'refresh_token',
    'implicit',
    'urn:ietf:params:oauth:grant-type:device_code',
  ])
    expect(await refusal({ grant_type, username: 'a', password: 'b', ...(await assertion()) })).toMatchObject({
      status: 400,
    })
})

test('an assertion is for us, fresh, once, and by the client’s own key [S24] [S30]', async () => {
  const once = await assertion()
  expect(await refusal({ ...once })).toMatchObject({ body: { error: 'invalid_grant' } }) // no proof of a key
  expect(await refusal({ ...once })).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  const stranger = pair().privateKey
  const bad = [
    await assertion({ aud: 'https://elsewhere.example' }),
    await assertion({ exp: Math.floor(Date.now() / 1000) - 60 }),
    await assertion({ iss: 'another' }),
    await assertion({ sub: 'another' }),
    await assertion({ jti: undefined }),
    await assertion({}, stranger),
  ]
  for (const each of bad) expect((await refusal(each)).status).toBe(401)
  const parallel = await assertion()
  const answers = await Promise.all(Array.from({ length: 20 }, () => refusal({ ...parallel })))
  expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(1)
})

test('who is refused stands in the log, however often once a minute [GLI-2.8.8a]', async () => {
  const events = async () => {
    const rows = await world.faces.world.sql<Array<{ entry: string }>>`
      select entry from audit.events where code = 'access.client_refused' and subject = 'spoofed'`
    return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>)
  }
  const own = await newClientKey()
  await world.add('spoofed', { kind: 'machine', keys: [own.jwk] })
  const names = { iss: 'spoofed', sub: 'spoofed' }
  for (let i = 0; i < 3; i++) expect((await refusal(await assertion(names, pair().privateKey))).status).toBe(401)
  const told = await until('the event', async () => ((await events()).length > 0 ? events() : undefined))
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ outcome: 'failure', address: '192.0.2.44', actor: { id: 'spoofed' } })
})

test('forged tokens are refused, whatever was done to them [S24]', async () => {
  const keys = pair()
  const good = await tokenBoundTo(keys)
  expect((await ask(good, await proofOf(keys, good))).status).toBe(200)
  const [head = '', body = '', signature = ''] = good.split('.')
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = decodeProtectedHeader(good)
  const claims = decodeJwt(good)
  const other = pair()
  const signed = (with_: object, payload = body) => {
    const text = `${part(with_)}.${payload}`
    return `${text}.${sign('sha256', Buffer.from(text), { key: other.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const spki = await world.faces.world.agent.keys.publicKey('sk-token-1')
  const hmacKey = spki.export({ format: 'pem', type: 'spki' })
  const hmacText = `${part({ ...header, alg: 'HS256' })}.${body}`
  const jwk = other.publicKey.export({ format: 'jwk' })
  const forged: Record<string, string> = {
    none: `${part({ ...header, alg: 'none' })}.${body}.`,
    hmac: `${hmacText}.${createHmac('sha256', hmacKey).update(hmacText).digest('base64url')}`,
    'other key': signed(header),
    'embedded key': signed({ ...header, jwk, kid: undefined }),
    jku: signed({ ...header, jku: 'https://evil.example/keys', kid: undefined }),
    x5u: signed({ ...header, x5u: 'https://evil.example/chain', kid: undefined }),
    'unknown kid': signed({ ...header, kid: 'sk-token-9' }),
    altered: `${head}.${part({ ...claims, scope: 'books.read proof.read' })}.${signature}`,
    truncated: `${head}.${body}.${signature.slice(0, -4)}`,
    empty: `${head}.${body}.`,
    'another name': `${part({ ...header, kid: 'sk-audit-1' })}.${body}.${signature}`,
  }
  for (const [how, forgery] of Object.entries(forged))
    expect(await ask(forgery, await proofOf(keys, forgery)), how).toEqual({ status: 401, code: 'access.token_refused' })
})

test('a token of another kind, for another, or of another time is none [S25]', async () => {
  const keys = pair()
  const sample = decodeJwt(await tokenBoundTo(keys))
  const now = Math.floor(Date.now() / 1000)
  const of = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const text = [
      { alg: 'ES256', typ: 'at+jwt', kid: 'sk-token-1', ...header },
      { ...sample, ...claims },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const digest = createHash('sha256').update(text).digest()
    return `${text}.${(await world.faces.world.agent.keys.sign('sk-token', digest)).toString('base64url')}`
  }
  const whole = await of({ jti: randomUUID() })
  expect((await ask(whole, await proofOf(keys, whole))).status).toBe(200) // the key itself is not the reason
  const confused: Record<string, string> = {
    'an ID token': await of({ cnf: sample.cnf, aud: 'grafana' }, { typ: 'JWT' }),
    'no type': await of({}, { typ: undefined }),
    'other audience': await of({ aud: 'https://other.example' }),
    'other issuer': await of({ iss: 'https://localhost:8443' }),
    expired: await of({ exp: now - 10, iat: now - 400 }),
    'not yet': await of({ nbf: now + 60 }),
    'no end': await of({ exp: undefined }),
    'no client': await of({ client_id: undefined }),
    unbound: await of({ cnf: undefined }),
    'bound to nothing': await of({ cnf: {} }),
    'no such client': await of({ client_id: 'nobody' }),
  }
  for (const [how, token] of Object.entries(confused))
    expect(await ask(token, await proofOf(keys, token)), how).toEqual({ status: 401, code: 'access.token_refused' })
})

test('a stolen token is worth nothing without its key, and a proof works once [S26]', async () => {
  const keys = pair()
  const thief = pair()
  const token = await tokenBoundTo(keys)
  const now = Math.floor(Date.now() / 1000)
  const bad: Record<string, string | undefined> = {
    'no proof': undefined,
    'another key': await proofOf(thief, token),
    'another method': await proofOf(keys, token, { htm: 'POST' }),
    'another address': await proofOf(keys, token, { htu: new URL('/api/books/proof', books).href }),
    'another host': await proofOf(keys, token, { htu: 'https://evil.example/api/books/balances' }),
    'another token': await proofOf(keys, `${token}x`),
    'no token': await proofOf(keys, undefined),
    old: await proofOf(keys, token, { iat: now - 120 }),
    'from tomorrow': await proofOf(keys, token, { iat: now + 120 }),
    'no name': await proofOf(keys, token, { jti: undefined }),
    'another type': await proofOf(keys, token, {}, { typ: 'JWT' }),
    garbage: 'x.y.z',
  }
  for (const [how, proof] of Object.entries(bad))
    expect(await ask(token, proof), how).toEqual({ status: 401, code: 'access.token_refused' })
  expect(await ask(token, await proofOf(keys, token), 'Bearer')).toMatchObject({ status: 401 })
  const proof = await proofOf(keys, token)
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(token, proof)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
})

test('a change or removal of a client is felt at once, by what it has and by what it asks', async () => {
  const own = await newClientKey()
  await world.add('passing', { kind: 'machine', keys: [own.jwk] })
  const passing = await discover(world.partner, 'passing', oauth.PrivateKeyJwt(own.key))
  const got = await token('books.read', passing)
  expect((await read(got)).status).toBe(200)
  const [found] = (await access.clients(world.faces.world.sql)).filter(({ client }) => client === 'passing')
  const { addedAt: _, client, ...data } = found!
  const act = world.faces.world.act
  const later = new Date(Date.now() + 1000)
  await act((tx) =>
    access.changeClient(tx, world.faces.world.command(later), {
      client,
      data: { ...data, scopes: ['proof.read'] },
      approvedBy: ['a', 'b'],
    }),
  )
  expect((await read(got)).status).toBe(401)
  await expect(token('books.read', passing)).rejects.toMatchObject({ error: 'invalid_scope' })
  await act((tx) =>
    access.removeClient(tx, world.faces.world.command(), { client, reason: 'contract ended', approvedBy: ['a', 'b'] }),
  )
  await expect(token('proof.read', passing)).rejects.toMatchObject({ error: 'invalid_client' })
})

test('while its key is rotated both epochs are published, and tokens of both are good', async () => {
  const ops = world.faces.world.agent.as('ops')
  const before = await token()
  const made = await ops.create('sk-token')
  const keysOf = async () => {
    const answer = await world.partner.fetch(`${world.partner.issuer}/jwks`)
    return ((await answer.json()) as { keys: Array<Record<string, unknown>> }).keys
  }
  expect((await keysOf()).map(({ kid }) => kid)).toEqual(['sk-token-1', 'sk-token-2']) // known before it is used
  expect(decodeProtectedHeader((await token()).access_token).kid).toBe('sk-token-1')
  await ops.activate(made.key)
  const after = await token()
  expect(decodeProtectedHeader(after.access_token).kid).toBe('sk-token-2')
  expect((await keysOf()).map(({ kid }) => kid)).toEqual(['sk-token-2', 'sk-token-1'])
  expect((await keysOf()).every((each) => each.d === undefined && each.alg === 'ES256')).toBe(true)
  expect([(await read(before)).status, (await read(after)).status]).toEqual([200, 200])
})

test('whatever is sent, the answer is OAuth’s or a problem, and never a program error', {
  timeout: 60_000,
}, async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('client_credentials', 'reports', 'books.read', '\u0000', '😀'.repeat(50), '__proto__'),
  )
  const name = fc.oneof(
    fc.constantFrom(
      'grant_type',
      'client_id',
      'state',
      'nonce',
      'redirect_uri',
      'request_uri',
      'scope',
      'client_assertion',
      'client_assertion_type',
      'resource',
      'client_secret',
      'request',
      'code',
    ),
    fc.string(),
  )
  const path = fc.constantFrom(
    '/token',
    '/jwks',
    '/me',
    '/auth',
    '/request',
    '/token/revocation',
    '/session/end',
    '/interaction/x',
    '/auth/x',
    '/%00',
    '/.well-known/openid-configuration',
  )
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE')
  const type = fc.constantFrom(
    'application/x-www-form-urlencoded',
    'application/json',
    'text/plain',
    'multipart/form-data',
  )
  const headers = fc.dictionary(
    fc.constantFrom('authorization', 'dpop', 'cookie', 'accept', 'x-client-certificate'),
    fc.string({ unit: 'grapheme-ascii' }),
    { maxKeys: 3 },
  )
  await fc.assert(
    fc.asyncProperty(
      path,
      method,
      type,
      headers,
      fc.array(fc.tuple(name, word), { maxLength: 8 }),
      async (at, how, form, extra, pairs) => {
        const body = how === 'POST' || how === 'PUT' ? new URLSearchParams(pairs).toString() : undefined
        const query = how === 'GET' ? `?${new URLSearchParams(pairs)}` : ''
        for (const front of [world.partner, world.operator]) {
          const answer = await front.fetch(`/oauth${at}${query}`, {
            method: how,
            headers: {
              ...Object.fromEntries(Object.entries(extra).map(([n, v]) => [n, v.trim()])),
              ...(body === undefined ? {} : { 'content-type': form }),
            },
            ...(body === undefined ? {} : { body }),
          })
          expect(answer.status, `${how} ${at} ${await answer.text()}`).toBeLessThan(500)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('an engine that is away is told as such, and no token is given out that cannot be written down', async () => {
  const { admin } = world.faces.world
  await admin`revoke execute on function audit.append from countroom_app, public`
  try {
    await expect(token()).rejects.toMatchObject({ cause: { status: 503 } })
  } finally {
    await admin`grant execute on function audit.append to countroom_app`
  }
  expect((await token()).expires_in).toBe(300)
})

async function refusal(body: Record<string, string>) {
  const answer = await world.partner.fetch(`${world.partner.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...body }),
  })
  return { status: answer.status, body: (await answer.json()) as { error: string } }
}

/** What the edge would pass on: a certificate it verified. */
async function certificateOf(component: string): Promise<Buffer> {
  const { chain } = await authority.enrol('client', component)
  return Buffer.from(new X509Certificate(chain).raw)
}
