import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countroom } from '../command.ts'

/** What `countroom monitoring` writes, by Debian's promtool and amtool. Nothing runs here: it comes from the settings. */
const dir = mkdtempSync(join(tmpdir(), 'cr-mon-'))
const folder = join(dir, 'monitoring')
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeAll(() => {
  mkdirSync(join(folder, 'tls'), { recursive: true })
  const tls = ['-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=scraper-1']
  execFileSync(
    'openssl',
    ['req', ...tls, '-keyout', `${folder}/tls/scraper-1.key`, '-out', `${folder}/tls/scraper-1.pem`],
    {
      stdio: 'pipe',
    },
  )
  cpSync(`${folder}/tls/scraper-1.pem`, `${folder}/tls/ca.pem`)
})

const hooks = ['page', 'ticket', 'watchdog'].flatMap((name) => [`--${name}`, `https://${name}.example/hook`])
const monitoring = (settings: object, ...words: string[]) => {
  const home = mkdtempSync(join(dir, 'home-'))
  writeFileSync(join(home, 'countroom.json'), JSON.stringify(settings))
  return countroom(home, ['monitoring', folder, ...words])
}

test('two nodes rendered into one folder are collected over mutual TLS, each by the name in its certificate', async () => {
  for (const [nodeName, metricsAddress] of [
    ['node-1', '10.0.0.1'],
    ['node-2', '10.0.0.2'],
  ])
    expect((await monitoring({ nodeName, metricsAddress }, ...hooks)).code).toBe(0)
  execFileSync('promtool', ['check', 'config', join(folder, 'prometheus.yml')], { stdio: 'pipe' })
  const config = readFileSync(join(folder, 'prometheus.yml'), 'utf8')
  for (const component of ['core-1', 'core-2', 'work-1', 'edge'])
    expect(config).toContain(`server_name: ${component}.countroom.internal`)
  expect(config).not.toContain('job_name: keys') // the agent listens on no network
  const targets = JSON.parse(readFileSync(join(folder, 'targets/node-2.json'), 'utf8'))
  expect(targets).toContainEqual({
    targets: ['10.0.0.2:9144'],
    labels: { component: 'edge', kind: 'edge', node: 'node-2', instance: 'node-2/edge', __scheme__: 'https' },
  })
})

test('a machine that is an edge and nothing else tells of its edge and of itself', async () => {
  const edgeNode = { number: 2, addresses: ['10.0.0.21', '10.0.0.22'], nodes: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }
  const settings = { nodeName: 'edge-machine-2', edgeNode, exporters: true, metricsAddress: '10.0.0.22' }
  expect((await monitoring(settings)).code).toBe(0)
  const file = join(folder, 'targets/edge-machine-2.json')
  const told = JSON.parse(readFileSync(file, 'utf8')) as Array<{ targets: string[]; labels: Record<string, string> }>
  expect(told.map(({ targets, labels }) => [targets[0], labels.component, labels.kind, labels.__scheme__])).toEqual([
    ['10.0.0.22:9144', 'edge-2', 'edge', 'https'],
  ])
  expect(readFileSync(join(folder, 'prometheus.yml'), 'utf8')).toContain('server_name: edge-2.countroom.internal')
  expect((await monitoring(settings, '--local')).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toMatch(/127\.0\.0\.1:9134[\s\S]*127\.0\.0\.1:9137/)
  rmSync(file)
})

test('each node of a cluster has one agent of its database in the inventory, by the kind that alerts count; who stands alone has none', async () => {
  const cluster = { node: 2, addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }
  for (const [settings, agents] of [
    [{ nodeName: 'node-2', metricsAddress: '10.0.0.2', cluster, exporters: true }, ['10.0.0.2:8008']],
    [{ nodeName: 'node-2', metricsAddress: '10.0.0.2', dataAddress: '10.0.0.2', exporters: true }, []],
  ] as const) {
    expect((await monitoring(settings)).code).toBe(0)
    const file = join(folder, 'targets/node-2.json')
    const told = JSON.parse(readFileSync(file, 'utf8')) as Array<{ targets: string[]; labels: Record<string, string> }>
    expect(told.filter(({ labels }) => labels.kind === 'postgres').flatMap(({ targets }) => targets)).toEqual(agents)
  }
})

test('a collector on the machine itself hears the key agent too', async () => {
  expect((await monitoring({ nodeName: 'node-3' }, '--local')).code).toBe(0)
  const targets = readFileSync(join(folder, 'targets/node-3.json'), 'utf8')
  expect(targets).toContain('127.0.0.1:9135')
  rmSync(join(folder, 'targets/node-3.json'))
})

test.each([
  ['severity=page alertname=BooksContradict', 'page'],
  ['severity=ticket alertname=ReturnOutside', 'ticket'],
  ['severity=watchdog alertname=Watchdog', 'watchdog'],
  ['alertname=SomethingNew', 'page'],
])('an alarm with %s goes to %s', (labels, receiver) => {
  const config = `--config.file=${folder}/alertmanager.yml`
  execFileSync('amtool', ['check-config', `${folder}/alertmanager.yml`], { stdio: 'pipe' })
  const told = execFileSync('amtool', ['config', 'routes', 'test', config, ...labels.split(' ')], { encoding: 'utf8' })
  expect(told.trim()).toBe(receiver)
})

test('half of the receivers, a URL that is none and a foreign file among the targets are refused in words', async () => {
  const half = await monitoring({}, '--page', 'https://page.example/')
  expect([half.code, half.out]).toEqual([1, expect.stringContaining('all three receivers')])
  const wrong = await monitoring({}, ...hooks.slice(0, 4), '--watchdog', 'nowhere')
  expect(wrong.out).toContain('"nowhere" is no URL')
  writeFileSync(join(folder, 'targets/foreign.json'), '{}')
  const foreign = await monitoring({ nodeName: 'node-1', metricsAddress: '10.0.0.1' })
  expect([foreign.code, foreign.out]).toEqual([1, expect.stringContaining('foreign.json is no file of targets')])
})
