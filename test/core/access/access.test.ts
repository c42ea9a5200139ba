import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as access from '#access'
import { systemCommand } from '#base'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const command = (now = new Date()) => systemCommand('test', now)
const approvedBy = ['stf_a', 'stf_b']
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JsonWebKey
const machine: access.ClientData = {
  kind: 'machine',
  name: 'Reporting tool',
  authentication: 'key',
  keys: [jwk],
  binding: 'dpop',
  scopes: ['books.read'],
  redirectUris: [],
  pushed: false,
}
const app: access.ClientData = {
  ...machine,
  kind: 'app',
  scopes: ['openid'],
  redirectUris: ['https://app.example.com/back'],
  pushed: true,
}
const add = (client: string, data: access.ClientData) =>
  db.sql.begin((tx) => access.addClient(tx, command(), { client, data, approvedBy }))

test('a client is one that can be trusted to show who it is, or it is none', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as JsonWebKey
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as JsonWebKey
  const bad: Record<string, [string, access.ClientData]> = {
    'a name of another form': ['Reports!', machine],
    'no name for people': ['reports', { ...machine, name: '' }],
    'no key': ['reports', { ...machine, keys: [] }],
    'a private key': ['reports', { ...machine, keys: [own] }],
    'a secret': ['reports', { ...machine, keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
    'an address of keys': ['reports', { ...machine, keys: [{ ...jwk, jku: 'https://x.example' } as JsonWebKey] }],
    'a short key': ['reports', { ...machine, keys: [weak] }],
    'a key on another curve': ['reports', { ...machine, keys: [{ ...jwk, crv: 'secp256k1' }] }],
    'an unknown scope': ['reports', { ...machine, scopes: ['everything'] }],
    'a machine that returns': ['reports', { ...machine, redirectUris: ['https://app.example.com/back'] }],
    'a certificate of nobody': ['reports', { ...machine, authentication: 'certificate', keys: [] }],
    'keys beside a certificate': ['reports', { ...machine, authentication: 'certificate', component: 'reports' }],
    'tokens bound to no certificate': ['reports', { ...machine, binding: 'certificate' }],
    'a component without use': ['reports', { ...machine, component: 'reports' }],
    'an app without openid': ['desk-app', { ...app, scopes: ['profile'] }],
    'an app of a machine’s scope': ['desk-app', { ...app, scopes: ['openid', 'books.read'] }],
    'an app that returns nowhere': ['desk-app', { ...app, redirectUris: [] }],
    'an app that does not push': ['desk-app', { ...app, pushed: false }],
  }
  for (const [how, [client, data]] of Object.entries(bad))
    await expect(add(client, data), how).rejects.toMatchObject({ code: 'access.client_invalid' })
  expect(await access.clients(db.sql)).toEqual([])
})

test('a name is one client’s for ever, and every change is written down with who said yes', async () => {
  await add('reports', machine)
  await expect(add('reports', machine)).rejects.toMatchObject({ code: 'access.client_known' })
  await db.sql.begin((tx) =>
    access.changeClient(tx, command(), { client: 'reports', data: { ...machine, scopes: ['proof.read'] }, approvedBy }),
  )
  await expect(
    db.sql.begin((tx) => access.changeClient(tx, command(), { client: 'reports', data: app, approvedBy })),
  ).rejects.toMatchObject({ code: 'access.client_invalid' })
  await db.sql.begin((tx) => access.removeClient(tx, command(), { client: 'reports', reason: 'it ended', approvedBy }))
  expect(await access.findClient(db.sql, 'reports')).toBeUndefined()
  await expect(add('reports', machine)).rejects.toMatchObject({ code: 'access.client_known' })
  const events = await db.sql<Array<{ entry: string }>>`
    select entry from audit.events where code like 'access.client_%' order by id`
  const told = events.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>)
  expect(told.map(({ code }) => code)).toEqual([
    'access.client_added',
    'access.client_changed',
    'access.client_removed',
  ])
  for (const { detail } of told) expect(detail).toMatchObject({ approvedBy })
  expect(told[1]).toMatchObject({ before: { scopes: ['books.read'] }, after: { scopes: ['proof.read'] } })
})

test('tokens of before a change are none, and those of after it are', async () => {
  await add('bank', machine)
  const before = new Date(Date.now() - 10_000)
  const stands = (issuedAt: Date) => access.stands(db.sql, { client: 'bank', issuedAt })
  expect(await stands(before)).toBe(true)
  await db.sql.begin((tx) => access.changeClient(tx, command(), { client: 'bank', data: machine, approvedBy }))
  expect(await stands(before)).toBe(false)
  expect(await stands(new Date(Date.now() + 1000))).toBe(true)
  await db.sql.begin((tx) => access.removeClient(tx, command(), { client: 'bank', reason: 'over', approvedBy }))
  expect(await stands(new Date(Date.now() + 1000))).toBe(false)
})

test('of fifty who use one code at a time one is first, and the rest end its family [S28]', async () => {
  const [grant, id, refresh] = [randomUUID(), randomUUID(), randomUUID()]
  const expiresAt = new Date(Date.now() + 60_000)
  for (const [kind, name] of [
    ['Grant', grant],
    ['AuthorizationCode', id],
    ['RefreshToken', refresh],
  ] as const)
    await db.sql.begin((tx) => access.keep(tx, { kind, id: name, payload: { grantId: grant, jti: name }, expiresAt }))
  const code = { kind: 'AuthorizationCode', id }
  const firsts = await Promise.all(
    Array.from({ length: 50 }, () => db.sql.begin((tx) => access.consume(tx, command(), code))),
  )
  expect(firsts.filter(Boolean)).toHaveLength(1)
  for (const [kind, name] of [
    ['Grant', grant],
    ['RefreshToken', refresh],
  ] as const)
    expect(await access.find(db.sql, { kind, id: name }, new Date())).toBeUndefined()
})

test('what may be used once is used by one of many', async () => {
  const id = randomUUID()
  const expiresAt = new Date(Date.now() + 60_000)
  const uses = await Promise.all(
    Array.from({ length: 50 }, () => db.sql.begin((tx) => access.useOnce(tx, { kind: 'Proof', id, expiresAt }))),
  )
  expect(uses.filter(Boolean)).toHaveLength(1)
})

test('what has ended is not found and is swept; what is kept is kept without what its holder shows', async () => {
  const now = Date.now()
  const id = `secret-${randomUUID()}`
  const kind = 'AccessToken'
  await db.sql.begin((tx) =>
    access.keep(tx, { kind, id, payload: { jti: id, accountId: 'stf_x' }, expiresAt: new Date(now + 1000) }),
  )
  expect(await access.find(db.sql, { kind, id }, new Date(now))).toEqual({ jti: id, accountId: 'stf_x' })
  expect(JSON.stringify(await db.admin`select * from access.artifacts`)).not.toContain(id)
  expect(await access.find(db.sql, { kind, id }, new Date(now + 2000))).toBeUndefined()
  await db.sql.begin((tx) => access.endAccount(tx, 'stf_x'))
  expect(await access.find(db.sql, { kind, id }, new Date(now))).toBeUndefined()
  await db.sql.begin((tx) => access.keep(tx, { kind, id, payload: {}, expiresAt: new Date(now) }))
  expect(await db.sql.begin((tx) => access.sweep(tx, { now: new Date(now + 1000), limit: 1000 }))).toBe(1)
})
