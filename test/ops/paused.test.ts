import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { internalDomain, sharedLabel } from '#pki'
import { type Home, viewHome } from '../../ops/appliance/home.ts'
import { cluster } from '../../ops/doctor/cluster.ts'
import type { Probe } from '../../ops/doctor/finding.ts'
import { openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { type PlayedAgent, playAgent } from '../support/played-agent.ts'
import { countroom } from './command.ts'

/** A cluster that somebody paused: nobody takes over, and whoever looks must hear it. The agent is played here. */
let authority: TestAuthority
let agent: PlayedAgent
let home: Home
beforeAll(async () => {
  authority = await openTestAuthority()
  const shown = await authority.enrol('postgres', 'postgres', {
    names: [`${sharedLabel('postgres')}.${internalDomain}`],
  })
  agent = await playAgent('node-1', shown)
  home = viewHome(mkdtempSync(join(tmpdir(), 'cr-paused-')))
  for (const folder of ['run', 'tls']) mkdirSync(home.path(folder))
  home.write('tls/ca.pem', await authority.anchors())
  home.write('tls/revoked.pem', (await authority.lists()).join(''))
  home.write('tls/postgres.pem', shown.chain)
  home.write('tls/postgres.key', shown.key)
  const own = [{ host: '127.0.0.1', port: 5432, ask: agent.port }]
  home.write('run/members.json', JSON.stringify(own))
  home.write('run/sites.json', JSON.stringify({ names: ['node-1'], own }))
})
afterAll(async () => {
  await Promise.all([agent?.stop(), authority?.stop()])
  if (home) rmSync(home.dir, { recursive: true, force: true })
})

const doctor = () => cluster.look({ home } as Probe)
const status = () => countroom(home.dir, ['cluster', 'status'])

test('a paused cluster is told by status and doctor, with the command that lets it go on, which may be given twice', async () => {
  expect(await doctor()).toMatchObject({ severity: 'sound' })
  expect((await status()).out).not.toContain('PAUSED')
  agent.config.pause = true
  expect(await doctor()).toMatchObject({
    severity: 'warning',
    evidence: expect.stringContaining('nobody takes over'),
    remedy: expect.stringContaining('npx countroom cluster resume'),
  })
  expect((await status()).out).toMatch(/PAUSED: .*nobody takes over\n.*cluster resume/)
  expect(JSON.parse((await countroom(home.dir, ['cluster', 'status', '--json'])).out)).toMatchObject({ paused: true })
  const resumed = await countroom(home.dir, ['cluster', 'resume', '--json'])
  expect(resumed).toMatchObject({ code: 0, out: '{"wasPaused":true}\n' })
  expect(agent.config).toEqual({})
  expect(await doctor()).toMatchObject({ severity: 'sound' })
  const again = await countroom(home.dir, ['cluster', 'resume'])
  expect(again).toMatchObject({ code: 0, out: 'Nobody had paused it.\n' })
}, 300_000)
