import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as pki from '#pki'
import type { Host } from '../../core/host/host.ts'
import { createLog } from '../../core/host/log.ts'
import { latest, promisesOf } from '../../core/host/service/curves.ts'
import { bounds, factsOf } from '../../core/host/service/facts.ts'
import { type DatabaseNode, databaseNodes } from '../../core/host/service/nodes.ts'
import { openTls, type Tls } from '../../core/host/tls.ts'
import { objectives } from '../../ops/monitoring/objectives.ts'
import { rules } from '../ops/monitoring/rules.ts'
import { makeAuthority } from '../support/lab-authority.ts'

/** What the page of the machinery judges, and by what. */
const dir = mkdtempSync(join(tmpdir(), 'cr-look-'))
let tls: Tls
let agent: ReturnType<typeof createServer>
let told: object[] = []
beforeAll(async () => {
  const authority = await makeAuthority(dir)
  await authority.issue('core-1', 'core', ['core-1.countroom.internal'])
  await authority.issue('postgres-1', 'postgres', [`${pki.sharedLabel('postgres')}.${pki.internalDomain}`])
  const lists = { ca: join(dir, 'tls/ca.pem'), crl: join(dir, 'tls/revoked.pem') }
  tls = openTls({ ...authority.files('core-1'), ...lists }, createLog('test', 'silent'))
  const { cert, key } = authority.files('postgres-1')
  const shown = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(lists.ca), requestCert: true }
  agent = createServer(shown, (_, answer) => answer.end(JSON.stringify({ members: told })))
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  agent?.close()
  tls?.close()
  rmSync(dir, { recursive: true, force: true })
})

const now = new Date('2026-11-28T12:00:00Z')
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000)
const sound = (seconds: number) => ({ at: secondsAgo(seconds), ok: true, firstBad: null })
const look = (over: Partial<Parameters<typeof factsOf>[0]> = {}, gauges: Record<string, number> = {}) => {
  const known = { nodes: [], books: sound(1), log: sound(1), verdict: sound(1), components: [], frozen: false }
  const facts = factsOf({ now, gauge: (key) => gauges[key], ...known, ...over })
  return (what: string) => facts.find((fact) => fact.what === what)
}

test('a verdict that nobody has renewed within the bound of its alert is unknown, not well; a bad one stays bad', () => {
  const yesterday = sound(26 * 3600)
  const stopped = look({ books: yesterday, log: yesterday, verdict: yesterday })
  for (const what of ['Books', 'Audit log', 'Control program'])
    expect(stopped(what), what).toMatchObject({ state: 'unknown', words: expect.stringContaining('26 h ago') })
  expect(stopped('Audit log sealed')).toMatchObject({ state: 'unknown' })
  const runs = look({ books: sound(200), log: sound(20 * 3600), verdict: sound(20 * 3600) }, { unsealed: 2 })
  for (const what of ['Books', 'Audit log', 'Audit log sealed', 'Control program'])
    expect(runs(what), what).toMatchObject({ state: 'good', runbook: null })
  const { at } = yesterday
  const found = look({ books: { at, ok: false, firstBad: 'wallet 7' } }, { unsealed: 70 })
  expect(found('Books')).toMatchObject({ state: 'bad', words: 'wallet 7' })
  expect(found('Audit log sealed')).toMatchObject({ state: 'bad', runbook: 'ops/runbooks/audit-log.md#not-sealed' })
})

test('the page judges by the very numbers of the alerts', () => {
  for (const [alert, bound] of Object.entries(bounds))
    expect(rules.find(({ name }) => name === alert)?.expr, alert).toMatch(new RegExp(`> ${bound}(\\D|$)`))
})

test('the page promises what the alerts watch, and as much of it', () => {
  const promised = (each: { slo: string; target: number }) => [each.slo, each.target]
  expect(promisesOf(new Map()).map(promised)).toEqual(objectives.map(promised))
})

test('of clocks that are wrong the one that is farthest off is told, whichever way', () => {
  const process = (name: string, clockOffset: number) => ({
    process: name,
    samples: [{ at: now.getTime(), values: { clockOffset } }],
  })
  const offset = (...offsets: number[]) =>
    latest(
      offsets.map((each, i) => process(`core-${i}`, each)),
      'clockOffset',
      now.getTime(),
    )!
  expect(offset(0.001, -0.9, 0.2)).toBe(-0.9)
  expect(offset(-0.001, 0.9, -0.2)).toBe(0.9)
  expect(look({}, { clockOffset: offset(0.001, -0.9) })('Clock')).toMatchObject({ state: 'bad' })
})

test('of three nodes of which the agents know one, the others are away, commits wait, and that is not well', async () => {
  const { port } = agent.address() as AddressInfo
  const members = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((host) => ({ host, port: 5432, ask: port }))
  const host = (of: typeof members) => ({ config: { database: { members: of } }, tls }) as unknown as Host
  const member = (n: number, role: string) => ({ name: `node-${n}`, role, state: 'running', host: `127.0.0.${n}` })
  const rolesOf = (nodes?: DatabaseNode[]) => nodes?.map(({ name, role }) => `${name} ${role}`)

  told = [member(1, 'leader')]
  const alone = await databaseNodes(host(members))
  expect(rolesOf(alone)).toEqual(['node-1 primary', '127.0.0.2 away', '127.0.0.3 away'])
  expect(look({ nodes: alone! })('Database')).toMatchObject({
    state: 'bad',
    words: 'node-1 leads and no standby is synchronous: commits wait',
  })
  told = [member(1, 'leader'), { ...member(2, 'sync_standby'), lag: 0 }]
  const two = await databaseNodes(host(members))
  expect(two).toContainEqual({ name: 'node-2', role: 'synchronous standby', state: 'running', lagBytes: 0 })
  expect(look({ nodes: two! })('Database')).toMatchObject({ words: 'node-1 leads; not heard of: 127.0.0.3' })
  told = [member(1, 'leader'), member(2, 'sync_standby'), member(3, 'replica')]
  expect(look({ nodes: (await databaseNodes(host(members)))! })('Database')).toMatchObject({ state: 'good' })

  told = [member(1, 'leader')]
  const one = await databaseNodes(host(members.slice(0, 1)))
  expect(rolesOf(one)).toEqual(['node-1 primary'])
  expect(look({ nodes: one! })('Database')).toMatchObject({ state: 'good' })
})
