import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Home, viewHome } from '../../ops/appliance/home.ts'
import { createSupervisor, type Unit } from '../../ops/appliance/supervisor.ts'
import { newHome } from '../support/home.ts'
import { startTestKeys } from '../support/keys.ts'

let home: Home
let supervisor: ReturnType<typeof createSupervisor>
beforeEach(() => {
  home = viewHome(newHome())
  for (const folder of ['run', 'log']) mkdirSync(home.path(folder))
  supervisor = createSupervisor(home, () => {})
})
afterEach(async () => {
  await supervisor.stop()
  rmSync(home.dir, { recursive: true, force: true })
})

const unit = (of: Pick<Unit, 'name' | 'command' | 'args' | 'environment' | 'probe'>): Unit => ({
  role: 'tried here',
  identity: undefined,
  ...of,
})

test('what ends again and again is started after pauses that double', async () => {
  const file = home.path('starts')
  const starts = () => readFileSync(file, 'utf8').trim().split('\n').map(Number)
  const script = `date +%s%3N >> ${file}; exit 1`
  await supervisor.start(unit({ name: 'weak', command: '/bin/sh', args: ['-c', script], probe: async () => undefined }))
  await expect.poll(() => starts().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(6)
  const pauses = starts()
    .slice(1, 6)
    .map((at, i) => at - starts()[i]!)
  for (const [i, pause] of pauses.entries()) expect(pause, `pause ${i + 1}`).toBeGreaterThanOrEqual(100 * 2 ** i - 5)
  expect(supervisor.states()).toMatchObject([{ name: 'weak', ends: expect.arrayContaining([expect.any(String)]) }])
})

test('a key agent whose module loses its sessions ends, and is back when the module is', async () => {
  const agent = await startTestKeys()
  await agent.kill()
  const lost = home.path('module-is-lost')
  const keys = agent.as('core', 60_000)
  const config = join(agent.dir, 'keys.json')
  await supervisor.start(
    unit({
      name: 'keys',
      command: process.execPath,
      args: [join(import.meta.dirname, '../../core/keys/agent/serve.ts'), '--config', config],
      environment: {
        NODE_OPTIONS: `--import ${join(import.meta.dirname, '../support/fails.ts')}`,
        COUNTROOM_FAIL: lost,
      },
      probe: () => keys.health().then(() => undefined),
    }),
  )
  const known = await keys.mac('hk-pepper', Buffer.from('x'))
  const { pid } = supervisor.states()[0]!
  writeFileSync(lost, 'C_Sign CKR_DEVICE_REMOVED')
  await agent
    .as('core')
    .mac('hk-pepper', Buffer.from('x'))
    .catch(() => {})
  const ended = () => supervisor.states()[0]!.ends.length
  await expect.poll(ended, { timeout: 30_000 }).toBeGreaterThanOrEqual(2) // nor does it start without its module
  rmSync(lost)
  await expect
    .poll(() => keys.mac('hk-pepper', Buffer.from('x')).catch(() => undefined), { timeout: 60_000 })
    .toEqual(known)
  expect(supervisor.states()[0]!.pid).not.toBe(pid)
  await agent.stop()
}, 120_000)
