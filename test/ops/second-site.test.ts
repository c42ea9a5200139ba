import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { internalDomain, sharedLabel } from '#pki'
import { openContinuity } from '../../core/host/continuity.ts'
import type { Sql } from '../../core/host/database.ts'
import { createLog } from '../../core/host/log.ts'
import { type Home, viewHome } from '../../ops/appliance/home.ts'
import { takeLock } from '../../ops/appliance/lock.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { checks } from '../../ops/doctor/checks.ts'
import { keepFence } from '../../ops/failover/fence.ts'
import { noteFollowing } from '../../ops/failover/following.ts'
import { planPromotion, promoteSite, type Said } from '../../ops/failover/promote-site.ts'
import { answeredOf, answerForSite, wordsOfLoss } from '../../ops/failover/site-loss.ts'
import { openBooks } from '../bench/ledger/books.ts'
import { type Enrolled, openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { until } from '../support/client.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { connectTo, type TestDatabase } from '../support/database.ts'
import { type PlayedAgent, playAgent } from '../support/played-agent.ts'
import { startStandby } from '../support/standby.ts'

/** What nodes of a site decide and answer, on a real database; the agents are played here. `test/chaos/second-site.test.ts` has real ones. */
let cluster: Cluster
let books: Sql
let database: TestDatabase
let authority: TestAuthority
let engine: Enrolled
let ca: string
let lists: string
let here: PlayedAgent
let there: PlayedAgent
let timeline = 0
const folders: string[] = []
const agents: PlayedAgent[] = []

beforeAll(async () => {
  ;[cluster, authority] = await Promise.all([startCluster(), openTestAuthority()])
  books = await openBooks(cluster, 'countroom', 4)
  database = connectTo({ ...cluster, database: 'countroom' })
  engine = await authority.enrol('postgres', 'postgres', { names: [`${sharedLabel('postgres')}.${internalDomain}`] })
  ca = await authority.anchors()
  lists = (await authority.lists()).join('')
})
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await Promise.all([books?.end({ timeout: 1 }), database?.stop(), authority?.stop()])
  await cluster?.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  here = await played('node-4')
  here.role = 'standby_leader'
  here.timeline = ++timeline
  here.config = { standby_cluster: { host: '10.0.0.1' } }
  there = await played('node-1')
  await there.stop() // nobody answers there
  await database.admin.begin((tx) => ledger.lift(tx, { at: new Date(), by: 'a test', reason: 'the next begins' }))
  await database.admin`delete from ledger.freezes`
})

test('several nodes of a promoted site answer once: who comes before the node that was told applies what was decided, and who joins later finds the answer', async () => {
  const [told, other, late, later] = [node(), node(), node(), node()]
  const { done } = await promoted(told, { by: 'ada', reason: 'decided by ada' }, async () => {
    await answerForSite(other)
  })
  expect(done.answered).toMatchObject({ by: 'ada', frozen: false, reached: false, lastCommit: done.lastCommit })
  expect(answeredOf(other)).toEqual(done.answered)
  expect(await freezes()).toMatchObject([{ reason: 'decided by ada', liftedAt: expect.any(Date) }])
  expect(await answerForSite(late)).toEqual(done.answered)
  expect(JSON.parse(here.config.promoted as string)).toEqual(done.answered)
  delete here.config.promoted // its node died before it said so
  expect(await answerForSite(later)).toEqual(done.answered)
  expect(await freezes()).toHaveLength(1)
  expect(
    await database.admin`select from audit.events where code = 'site.promoted' and subject = ${done.answered.id}`,
  ).toHaveLength(1)
})

test('what a home remembers of an earlier promotion answers for nothing: this one is answered for itself, and what it loses is told', async () => {
  const home = node()
  const { done: before } = await promoted(home, { by: 'ada', reason: 'decided by ada' })
  here.role = 'standby_leader'
  here.timeline = ++timeline
  here.config = { standby_cluster: { host: '10.0.0.1' } }
  const { done } = await promoted(home, { by: 'grace' })
  expect(done.answered.id).not.toBe(before.answered.id)
  expect(done.answered).toMatchObject({ by: 'grace', frozen: true })
  expect(answeredOf(home)).toEqual(done.answered)
  expect((await freezes()).filter(({ liftedAt }) => liftedAt === null)).toHaveLength(1)
})

test('two nodes at once, and a promotion past our command: one freeze, one event, which stands until somebody lifts it', async () => {
  here.role = 'leader'
  here.config = {}
  const [first, second] = await Promise.all([answerForSite(node()), answerForSite(node())])
  expect(first).toEqual(second)
  expect(first).toMatchObject({ by: 'nobody by this command', frozen: true })
  expect(await freezes()).toMatchObject([{ liftedAt: null }])
})

test('memories that reach to the end show that nothing is missing, but for what no core had looked at', async () => {
  const { folder, close } = await memories()
  const { done } = await promoted(node(), { by: 'ada', memories: folder })
  await close()
  expect(done.answered).toMatchObject({
    reached: true,
    missing: 0,
    frozen: false,
    cores: [{ core: 'core-1', ended: false }],
  })
  expect(await freezes()).toEqual([])
  const words = wordsOfLoss(done.answered)
  expect(words).toMatch(/core-1 \(until \d{4}-/)
  expect(words).toMatch(/quarter of a second after that is unknown/)
  expect(words).not.toMatch(/Nothing is missing/)
})

test('when its cores ended in order, nothing is unknown', async () => {
  const { folder, close } = await memories()
  await close()
  const { done } = await promoted(node(), { by: 'ada', memories: folder })
  expect(done.answered).toMatchObject({ reached: true, frozen: false, cores: [{ ended: true }] })
  expect(wordsOfLoss(done.answered)).toMatch(/core-1 \(ended in order .*Nothing is missing/s)
})

test('a memory of before the end shows nothing, though all that it holds is there', async () => {
  const { folder, close } = await memories()
  const copied = place()
  cpSync(folder, copied, { recursive: true })
  await close()
  const file = join(copied, 'core-1/heads.json')
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { at: string }
  writeFileSync(file, JSON.stringify({ ...kept, at: new Date(Date.parse(kept.at) - 60_000) }))
  const { done } = await promoted(node(), { by: 'ada', memories: copied })
  expect(done.answered).toMatchObject({ reached: false, missing: 0, frozen: true })
  expect(wordsOfLoss(done.answered)).toMatch(/older than what arrived here.*is lost.*Money is frozen/s)
})

test('what a core had seen and is not there is missing', async () => {
  const { folder, close } = await memories()
  await close()
  const file = join(folder, 'core-1/heads.json')
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { heads: Array<{ batch: string }> }
  writeFileSync(
    file,
    JSON.stringify({ ...kept, heads: kept.heads.map((head) => ({ ...head, batch: `${Number(head.batch) + 1}` })) }),
  )
  const { done } = await promoted(node(), { by: 'ada', memories: folder })
  expect(done.answered).toMatchObject({ reached: true, frozen: true })
  expect(done.answered.missing).toBeGreaterThan(0)
})

test('a folder without memories, or with one that cannot be read, is refused before anything is changed', async () => {
  const home = node()
  const spoilt = place()
  mkdirSync(join(spoilt, 'core-1'))
  writeFileSync(join(spoilt, 'core-1/heads.json'), '{"heads": "none"}')
  await expect(promoteSite(home, { by: 'ada', memories: '/not/there' })).rejects.toThrow(/No core’s memory/)
  await expect(promoteSite(home, { by: 'ada', memories: place() })).rejects.toThrow(/No core’s memory/)
  await expect(promoteSite(home, { by: 'ada', memories: spoilt })).rejects.toThrow(/is no memory of a core/)
  expect(here.role).toBe('standby_leader')
})

test('a first site whose agent has no etcd, and shows somebody else’s certificate, answers all the same: nobody is promoted', async () => {
  const [other, mute] = [await authority.enrol('redis', 'redis'), await played('node-1')]
  mute.ails = 503
  const home = node({ first: mute.port })
  await expect(planPromotion(home)).rejects.toThrow(/The first site answers: an agent at 127\.0\.0\.1/)
  await mute.stop()
  const stranger = await playAgent('node-1', other)
  agents.push(stranger)
  await expect(planPromotion(node({ first: stranger.port }))).rejects.toThrow(/The first site answers/)
  await stranger.stop()
  expect(await planPromotion(home)).toMatchObject({ node: 'node-4' })
})

test('a promotion whose start has ended is no success', async () => {
  const home = node()
  home.write('promoted.json', '{}') // answered, and then it ended
  await expect(promoteSite(home, { by: 'ada' })).rejects.toThrow(/was promoted, and its start has ended/)
})

test('how far a site is behind is told by a connection to the first site alone, not by one to a node beside it', async () => {
  const standby = await startStandby(cluster)
  try {
    await books.begin((tx) => tx`select pg_current_xact_id()`)
    const [leading, beside] = [node({ host: cluster.host }), node()]
    for (const home of [leading, beside]) {
      rmSync(home.path('run/follows.json'))
      mkdirSync(home.path('pg'))
      writeFileSync(home.path('pg/postgresql.conf'), `port = ${standby.port}\n`)
    }
    const heard = await until('the standby to have all', async () => {
      const following = await noteFollowing(leading)
      return following.lagBytes === 0 && following.lastCommit ? following : undefined
    })
    expect(heard.heardAt).not.toBeNull()
    const following = await noteFollowing(beside, new Date(Date.now() + 3600_000))
    expect(following).toMatchObject({ heardAt: null, lagBytes: null, lastCommit: expect.any(String) })
    expect(following.behindSeconds).toBeGreaterThan(3500)
  } finally {
    await standby.stop()
  }
}, 120_000)

test('a node whose settings know of no second site is fenced by what the others tell, and the doctor names it', async () => {
  const second = await played('node-4')
  here.role = 'leader'
  const home = node()
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
  writeFileSync(
    home.path('countroom.json'),
    JSON.stringify({ cluster: { node: 1, addresses }, ports: { patroni: second.port } }),
  )
  const doctor = () => checks.find(({ id }) => id === 'cluster.second-site')!.look({ home } as never)
  expect(await doctor()).toMatchObject({ severity: 'sound' })
  here.tags = { second_site: '127.0.0.1' }
  expect(await doctor()).toMatchObject({
    severity: 'warning',
    evidence: expect.stringMatching(/at 127\.0\.0\.1.*this node does not say so/),
  })
  const fence = keepFence(home, readSettings(home), () => {})
  await until('money to be frozen', async () => ((await freezes()).length > 0 ? true : undefined), 30)
  await fence.stop()
  expect(await freezes()).toMatchObject([{ by: 'countroom up', liftedAt: null }])
  expect(home.has('superseded.json')).toBe(true)
}, 60_000)

async function played(name: string): Promise<PlayedAgent> {
  const agent = await playAgent(name, engine)
  agents.push(agent)
  return agent
}

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cr-site-'))
  folders.push(folder)
  return folder
}

/** A node of the site, as its start has furnished it; it shares the database with the others. */
function node({ first = there.port, host = '127.0.0.1' } = {}): Home {
  const home = viewHome(place())
  for (const folder of ['run', 'tls', 'secrets']) mkdirSync(home.path(folder))
  symlinkSync(cluster.host, home.path('run/pg'))
  for (const role of ['owner', 'admin']) home.write(`secrets/postgres-${role}`, 'trusted\n')
  home.write('tls/ca.pem', ca)
  home.write('tls/revoked.pem', lists)
  home.write('tls/postgres.pem', engine.chain)
  home.write('tls/postgres.key', engine.key)
  const own = [{ host: '127.0.0.1', port: 5432, ask: here.port }]
  const other = { is: 'first', members: [{ host, port: 5432, ask: first }] }
  home.write('run/sites.json', JSON.stringify({ names: ['node-4'], own, other }))
  const now = new Date().toISOString()
  home.write(
    'run/follows.json',
    JSON.stringify({ at: now, heardAt: now, lastCommit: now, lagBytes: 0, behindSeconds: 0 }),
  )
  return home
}

/** `promote-site` on a node that waits to be, and its start, which goes on then; `before` its answer something else may happen. */
async function promoted(home: Home, said: Said, before: () => Promise<void> = async () => {}) {
  const unlock = takeLock(home)
  home.write('run/appliance.json', '{"follows": true}')
  const start = (async () => {
    await until('the promotion', async () => (here.role === 'leader' ? true : undefined))
    await before()
    await answerForSite(home)
    home.write('run/appliance.json', '{}')
  })()
  try {
    const [done] = await Promise.all([promoteSite(home, said), start])
    return { done }
  } finally {
    unlock()
  }
}

/** What a core of the first site keeps while it lives, after something was booked; until it is closed. */
async function memories(): Promise<{ folder: string; close(): Promise<void> }> {
  const home = place()
  await books.begin((tx) =>
    ledger.transfer(tx, systemCommand('a test', new Date()), {
      wallet: 1n,
      key: home,
      kind: 'round',
      legs: [{ from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 1n }],
    }),
  )
  const continuity = await openContinuity({
    database: { ...cluster, database: 'countroom', user: 'countroom_app', password: '' },
    log: createLog('core-1', 'silent'),
    now: () => new Date(),
    whenLost: () => {},
    config: { name: 'core-1', home },
  })
  return { folder: join(home, 'continuity'), close: () => continuity.close() }
}

const freezes = () => ledger.freezes(database.sql)
