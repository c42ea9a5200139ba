import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { connectKeys } from '#keys'
import { viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, openClient } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { makeToken, testPin } from '../support/modules.ts'

/** The whole appliance on another module than the one it brings along: NSS, whose PIN somebody types. */
const home = newHome('small')
let appliance: Appliance | undefined
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('npm start works on the module, token and PIN source that the settings name, and finds its keys again', async () => {
  const dir = join(home, 'nss-token')
  mkdirSync(dir)
  chmodSync(dir, 0o755)
  const { module, token } = makeToken('nss', dir)
  const { keys: agent } = findIdentities().users
  if (agent) execFileSync('chown', ['-R', `${agent.uid}:${agent.gid}`, dir])
  const pkcs11 = { path: module.path, initArgs: module.initArgs, token, pin: { from: 'prompt' } }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, pkcs11 }))

  await expect(startAppliance({ home, freePorts: true })).rejects.toThrow('nobody answered')
  const wrong = startAppliance({ home, freePorts: true, askPin: async () => 'not the PIN' })
  await expect(wrong).rejects.toThrow('does not take the PIN')
  const tries = readFileSync(join(home, 'log/keys.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('does not take the PIN'))
  expect(tries).toHaveLength(1) // a few more of them, and a token locks itself
  const start = () => startAppliance({ home, freePorts: true, askPin: async () => testPin })
  appliance = await start()
  const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  await arrive(client, appliance.urls)
  await client.close()
  const keys = connectKeys({ socket: agentSocket(viewHome(home), 'ops'), deadlineMs: 10_000 })
  const before = await keys.list()
  expect(before.find(({ family }) => family === 'sk-audit')?.mechanism).toBe('ecdsa-p256-sha256') // NSS has no Ed25519
  await appliance.stop()
  appliance = await start()
  const same = await keys.list()
  expect(same).toEqual(before)
  await keys.health()

  // An agent that dies comes back without anybody at the terminal.
  const { pid } = appliance.processes().find(({ name }) => name === 'keys')!
  process.kill(pid!, 'SIGKILL')
  await expect.poll(() => appliance?.processes().find(({ name }) => name === 'keys')?.restarts).toBeGreaterThan(0)
  await keys.health()

  // A systemd credential, which is for the user of the service alone: the supervisor's, and the agent is another.
  await appliance.stop()
  const credentials = join(home, 'credentials')
  mkdirSync(credentials, { mode: 0o500 })
  writeFileSync(join(credentials, 'token-pin'), `${testPin}\n`, { mode: 0o400 })
  const settings = { edgeWorkers: 1, pkcs11: { ...pkcs11, pin: { from: 'credential', name: 'token-pin' } } }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify(settings))
  vi.stubEnv('CREDENTIALS_DIRECTORY', credentials)
  appliance = await startAppliance({ home, freePorts: true, approveProgram: true })
  vi.unstubAllEnvs()
  expect(await keys.list()).toEqual(before)
  await keys.close()
}, 180_000)
