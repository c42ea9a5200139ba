import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as audit from '#audit'
import { listedSerials, pemParts, readRevocationList, serialIn } from '#base'
import * as pki from '#pki'
import { openDatabase } from '../../core/host/database.ts'
import { type Place, refresh } from '../../ops/appliance/certificates.ts'
import { type Home, viewHome } from '../../ops/appliance/home.ts'
import { readSettings, type Settings } from '../../ops/appliance/settings.ts'
import { refuseEnded } from '../../ops/failover/ended.ts'
import { bringUpLists } from '../../ops/failover/lists.ts'
import { shareLists } from '../../ops/failover/shared-lists.ts'
import { type Enrolled, openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { type PlayedAgent, playAgent } from '../support/played-agent.ts'

/** A node of a cluster that was off for longer than a list is good, against a real authority in a real token; the agents of the others are played. */
let authority: TestAuthority
let engine: Enrolled
let other: PlayedAgent
let home: Home
let settings: Settings
const folders: string[] = []
const agents: PlayedAgent[] = []
const daysAgo = (days: number) => new Date(Date.now() - days * pki.daySeconds * 1000)

beforeAll(async () => {
  authority = await openTestAuthority()
  engine = await authority.enrol('postgres', 'postgres', {
    names: [`${pki.sharedLabel('postgres')}.${pki.internalDomain}`],
  })
})
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await authority?.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  other = await playAgent('node-1', engine)
  agents.push(other)
  home = viewHome(mkdtempSync(join(tmpdir(), 'cr-lists-')))
  folders.push(home.dir)
  for (const folder of ['tls', 'run']) mkdirSync(home.path(folder))
  home.write('tls/ca.pem', await authority.anchors())
  home.write('tls/postgres.pem', engine.chain)
  home.write('tls/postgres.key', engine.key)
  const ports = { patroni: other.port }
  const cluster = { node: 2, addresses: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] }
  writeFileSync(home.path('countroom.json'), JSON.stringify({ cluster, ports }))
  settings = readSettings(home)
})

test('the newer lists of another node are taken, whoever they come from: what was taken back meanwhile is refused here from the start', async () => {
  await heldFrom(daysAgo(2))
  const taken = await takenBack()
  other.config.revoked = await published()
  expect(await broughtUp({ agent: noToken })).toMatch(/took newer ones of the other nodes/)
  expect(judged(taken.chain)).toMatch(/revoked/)
  expect(judged(engine.chain)).toMatch(/OK/)
  expect(await broughtUp({ agent: noToken })).toBeUndefined()
})

test('lists that are no newer than what is known, of a stranger, changed, or ended are not taken; where nobody leads the token here signs what is known', async () => {
  const older = await published(daysAgo(4))
  const taken = await takenBack()
  await heldFrom(daysAgo(2))
  const known = used()
  const stranger = await openStranger()
  const cut = async (text: string) => text.replace(/[A-Za-z0-9+/]{20}\n?-----END/, 'AAAAAAAAAAAAAAAAAAAA\n-----END')
  const datedAnew = await Promise.all(pemParts(older, 'X509 CRL').map((list, i) => signedAnew(list, i)))
  other.role = 'replica'
  for (const told of [undefined, '', 'no list', known, datedAnew.join(''), stranger, await cut(datedAnew.join(''))]) {
    home.write('tls/revoked.pem', known)
    rmSync(home.path('tls/revoked.known'), { force: true })
    other.config = told === undefined ? {} : { revoked: told }
    expect(await broughtUp()).toMatch(/signed them here/)
    expect(judged(taken.chain), told).toMatch(/revoked/)
    expect(judged(engine.chain), told).toMatch(/OK/)
    expect(numbers(used())).toEqual(numbers(known).map((number) => number + 1n))
  }
})

test('while a node leads that has no list to believe, nothing is signed, and the message says what to do', async () => {
  await heldFrom(daysAgo(2))
  const before = used()
  for (const told of [{}, { revoked: 'no list' }, { revoked: await openStranger() }]) {
    other.config = told
    await expect(broughtUp({ agent: noToken })).rejects.toMatchObject({
      message: expect.stringContaining('127.0.0.1, which leads'),
      remedy: expect.stringContaining('npx countroom pki export revoked'),
    })
  }
  expect(used()).toBe(before)
})

test('a token that does not sign for the authority signs nothing', async () => {
  await other.stop()
  await heldFrom(daysAgo(2))
  const before = used()
  const elsewhere = await openTestAuthority({ db: authority.db })
  await expect(broughtUp({ agent: async () => elsewhere.agent.as('ops') })).rejects.toMatchObject({
    message: expect.stringContaining('does not sign for this authority'),
    remedy: expect.stringContaining('pki export revoked'),
  })
  await elsewhere.agent.stop()
  expect(used()).toBe(before)
}, 60_000)

test('where nobody answers the token here signs; the database goes before it as soon as there is one, no number is used twice, and the audit log hears of it', async () => {
  await other.stop()
  await heldFrom(daysAgo(2))
  expect(await broughtUp()).toMatch(/signed them here/)
  const alone = used()
  const taken = await takenBack()
  expect(judged(taken.chain)).toMatch(/OK/) // it could not know
  await refreshed()
  expect(judged(taken.chain)).toMatch(/revoked/)
  expect(Number(numbers(used()).at(-1))).toBeGreaterThan(Number(numbers(alone).at(-1)))
  expect(home.has('tls/revoked.known')).toBe(false)
  const heard = () => authority.act((tx) => audit.search(tx, { code: 'pki.signed_alone', limit: 10 }))
  expect(await heard()).toMatchObject([{ subject: 'ops', detail: { by: 'of a test' } }])
  await refreshed()
  expect(await heard()).toHaveLength(1)
})

test('what was signed here alone gives way to what others know, though it has not ended', async () => {
  await heldFrom(daysAgo(2))
  other.role = 'replica'
  expect(await broughtUp()).toMatch(/signed them here/)
  const taken = await takenBack()
  other.config.revoked = await published()
  expect(await broughtUp({ agent: noToken })).toMatch(/took newer ones/)
  expect(judged(taken.chain)).toMatch(/revoked/)
})

test('a node leaves its lists where others find them, and only when they are others than before', async () => {
  await heldFrom(new Date())
  const own = { ...settings.cluster!, node: 1 } // whose agent is the one that is played
  expect(await shareLists(home, settings, own)).toBeUndefined()
  expect(other.config.revoked).toBe(used())
  other.config.revoked = 'older'
  await shareLists(home, settings, own)
  expect(other.config.revoked).toBe(used())
})

test('certificates that have ended are named, with the command for where others run and the one for where none does', async () => {
  expect(() => refuseEnded(home)).not.toThrow()
  const ended = await authority.enrol('etcd', 'etcd-2', { now: daysAgo(8) })
  home.write('tls/etcd.pem', ended.chain)
  expect(() => refuseEnded(home)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/ended while it was off: etcd\./),
      remedy: expect.stringMatching(/cluster join .*pki renew --alone/),
    }),
  )
})

const noToken = () => Promise.reject(new Error('nothing had to be signed here'))
const used = () => readFileSync(home.path('tls/revoked.pem'), 'utf8')
const numbers = (lists: string) => pemParts(lists, 'X509 CRL').map((list) => readRevocationList(list).number!)

function broughtUp({ agent = async () => authority.agent.as('ops') } = {}) {
  return bringUpLists({ home, settings, cluster: settings.cluster!, agent, by: 'of a test' })
}

/** What the database says at a moment, signed then. */
async function published(at = new Date()): Promise<string> {
  await authority.own(async (tx) => {
    await tx`update pki.lists set this_update = ${at}::timestamptz - interval '1 day', next_update = ${at}` // as if it were due
    await pki.publish(tx, authority.command(at))
  })
  return pki.lists(authority.db.sql, at)
}

async function heldFrom(at: Date): Promise<void> {
  home.write('tls/revoked.pem', await published(at))
}

async function takenBack(): Promise<Enrolled> {
  const component = `core-${Math.floor(Math.random() * 1e6)}`
  const enrolled = await authority.enrol('core', component)
  await authority.own((tx) => pki.revoke(tx, authority.command(), { component, reason: 'a test' }))
  expect(listedSerials(pemParts(await published(), 'X509 CRL'))).toContain(serialIn(enrolled.serial))
  return enrolled
}

/** An old list with a date of today, its number one more than it was: less is on it than is known. */
async function signedAnew(list: string, i: number): Promise<string> {
  const [, issuing] = pemParts(engine.chain, 'CERTIFICATE')
  const above = i === 0 ? new X509Certificate(await authority.anchors()) : new X509Certificate(issuing!)
  const { number } = readRevocationList(list)
  return (await pki.signAgain(
    { keys: authority.agent.as('ops'), now: new Date() },
    { list, authority: above, above: number! - 1n },
  ))!
}

/** Lists of another casino. */
async function openStranger(): Promise<string> {
  const stranger = await openTestAuthority()
  try {
    return (await stranger.lists()).join('')
  } finally {
    await stranger.stop()
  }
}

/** What OpenSSL says of a certificate by the lists of the home, as it does in every process. */
function judged(chain: string): string {
  const [leaf = '', issuing = ''] = pemParts(chain, 'CERTIFICATE')
  home.write('run/issuing.pem', issuing)
  const words = [
    'verify',
    '-crl_check_all',
    '-CAfile',
    home.path('tls/ca.pem'),
    '-untrusted',
    home.path('run/issuing.pem'),
  ]
  try {
    return execFileSync('openssl', [...words, '-CRLfile', home.path('tls/revoked.pem')], {
      ...{ input: leaf, encoding: 'utf8', stdio: 'pipe' },
    })
  } catch (error) {
    return String((error as { stderr: string }).stderr)
  }
}

/** A look of the node's own, with the database of the authority. */
async function refreshed(): Promise<void> {
  const sql = openDatabase({ ...authority.db.address, user: 'countroom_owner', password: '', poolMax: 2 })
  const keys = authority.agent.as('ops')
  const { dataAddress: _, cluster: __, ...without } = settings // nothing of it asks an agent or an engine then
  const place: Place = { home, settings: without, lives: {}, users: {}, sql, keys, close: async () => {} }
  await refresh(place)
  await sql.end({ timeout: 5 })
}
