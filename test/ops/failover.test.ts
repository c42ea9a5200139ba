import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { markInstalled, openHome, viewHome } from '../../ops/appliance/home.ts'
import { readSettings, refuseUnreadable } from '../../ops/appliance/settings.ts'
import { accept } from '../../ops/failover/accept.ts'
import { etcdUnit } from '../../ops/failover/etcd.ts'
import { newCode, openPackage, sealPackage } from '../../ops/failover/package.ts'
import { patroniUnit } from '../../ops/failover/patroni.ts'
import { newHome } from '../support/home.ts'

/** What nodes of a cluster are told, without starting any; `test/chaos/cluster.test.ts` starts them. */
const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const cluster = { node: 2, addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'], firstNumber: 1 }
const set = (settings: object) => {
  writeFileSync(home.path('countroom.json'), JSON.stringify(settings))
  return readSettings(home)
}

test('Patroni comes to etcd by the v2 API alone: over v3 its version 3.0.2 gives back commits that were acknowledged [GLI-B.3.4]', () => {
  mkdirSync(home.path('secrets'))
  writeFileSync(home.path('secrets/postgres-admin'), 'of a test\n')
  const settings = set({ cluster })
  patroniUnit(home, settings, cluster, {})
  const rendered = JSON.parse(readFileSync(home.path('run/patroni.yml'), 'utf8'))
  expect(Object.keys(rendered)).toContain('etcd')
  expect(JSON.stringify(rendered)).not.toContain('etcd3')
  expect(etcdUnit(home, settings, cluster, {}).args).toContain('--enable-v2=true')
  const { ttl, loop_wait: wait, retry_timeout: retry, ...dcs } = rendered.bootstrap.dcs
  expect(ttl).toBeGreaterThanOrEqual(wait + 2 * retry)
  expect(dcs).toMatchObject({ synchronous_mode: true, synchronous_mode_strict: true, check_timeline: true })
  expect(JSON.stringify(rendered)).not.toContain('of a test')
})

test('who has no data begins no cluster of its own', () => {
  const rendered = JSON.parse(readFileSync(home.path('run/patroni.yml'), 'utf8'))
  expect(rendered.bootstrap[rendered.bootstrap.method].command).toBe('/bin/false')
})

test('a node listens for the others on its own address; an even number of nodes, one twice, or a node that is none of them is refused', () => {
  expect(set({ cluster }).dataAddress).toBe('10.0.0.2')
  for (const wrong of [
    { node: 1, addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] },
    { node: 1, addresses: ['10.0.0.1', '10.0.0.1', '10.0.0.3'] },
    { node: 4, addresses: cluster.addresses },
  ])
    for (const say of [() => set({ cluster: wrong }), () => refuseUnreadable({ cluster: wrong }, '--addresses')])
      expect(say).toThrow(/not valid/)
})

test('a package opens with its code, however it is typed, and with no other; a changed one opens with none', () => {
  const content = { settings: { cluster }, secrets: { redis: 'secret' }, tls: { 'ca.pem': 'PEM' }, fingerprint: 'f' }
  const code = newCode()
  expect(code).toMatch(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/)
  const sealed = sealPackage(content, code)
  expect(sealed).not.toContain('secret')
  expect(openPackage(sealed, code)).toEqual(content)
  expect(openPackage(sealed, code.toLowerCase().replaceAll('-', ''))).toEqual(content)
  expect(() => openPackage(sealed, newCode())).toThrow(/cannot be opened/)
  const body = JSON.parse(sealed) as { sealed: string }
  const bytes = Buffer.from(body.sealed, 'base64')
  bytes[5]! ^= 1
  expect(() => openPackage(JSON.stringify({ ...body, sealed: bytes.toString('base64') }), code)).toThrow(
    /cannot be opened/,
  )
})

test('a home that remembers what became of an appliance before is joined with no cluster; a reset takes what it remembers away', async () => {
  for (const name of ['superseded.json', 'followed', 'second-site.json', 'promoted.json']) {
    const before = viewHome(newHome())
    const code = newCode()
    const file = join(before.dir, 'node-2.package')
    writeFileSync(file, sealPackage({ settings: { cluster }, secrets: {}, tls: {}, fingerprint: 'f' }, code))
    before.write(name, '{}')
    await expect(accept(before, { file, code })).rejects.toMatchObject({
      message: expect.stringContaining(name),
      remedy: expect.stringContaining('npx countroom reset'),
    })
    execFileSync(process.execPath, ['ops/countroom.ts', 'reset', '--yes'], {
      env: { ...process.env, COUNTROOM_HOME: before.dir },
    })
    expect(readdirSync(before.dir)).toEqual(['node-2.package'])
    rmSync(before.dir, { recursive: true })
  }
})

test('a node that is there already takes the certificates of its package and nothing else; another node’s, or another casino’s, it does not', async () => {
  const there = viewHome(newHome())
  const edgeNode = { number: 1, addresses: ['10.0.0.8', '10.0.0.9'], nodes: cluster.addresses }
  there.write('countroom.json', JSON.stringify({ edgeNode }))
  markInstalled(there, 'f')
  mkdirSync(there.path('tls'))
  there.write('tls/revoked.pem', 'lists that it holds')
  const code = newCode()
  const file = there.path('edge-1.package')
  const given = async (content: object) => {
    const whole = { settings: { edgeNode }, secrets: { redis: 'other' }, tls: {}, fingerprint: 'f', ...content }
    writeFileSync(file, sealPackage(whole, code))
    return accept(there, { file, code })
  }
  expect(await given({ tls: { 'edge.pem': 'PEM', 'edge.key': 'KEY', 'revoked.pem': 'of nobody' } })).toBe('renewed')
  expect(readFileSync(there.path('tls/edge.key'), 'utf8')).toBe('KEY')
  expect(readFileSync(there.path('tls/revoked.pem'), 'utf8')).toBe('lists that it holds')
  expect(existsSync(there.path('secrets'))).toBe(false)
  await expect(given({ fingerprint: 'another' })).rejects.toThrow(/There is an appliance/)
  await expect(given({ settings: { edgeNode: { ...edgeNode, number: 2 } } })).rejects.toThrow(/There is an appliance/)
  rmSync(there.dir, { recursive: true })
})

test('a package names files of its folder only', () => {
  const code = newCode()
  const content = { settings: {}, secrets: {}, tls: { '../../escape.pem': 'PEM' }, fingerprint: 'f' }
  expect(() => openPackage(sealPackage(content, code), code)).toThrow(/cannot be opened/)
})
