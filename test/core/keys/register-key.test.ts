import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { firstBadLine } from '#keys'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

/** The key that seals the agent's own register is rotated like any other, and no death leaves a register nobody believes. */
let agent: TestKeys
afterEach(() => agent.stop())

const registerOf = ({ dir }: TestKeys) =>
  JSON.parse(readFileSync(join(dir, 'state/register.json'), 'utf8')) as { sealedBy: string }
const epochs = async (keys: ReturnType<TestKeys['as']>) =>
  (await keys.list()).filter(({ family }) => family === 'hk-register').map(({ key, state }) => `${key} ${state}`)

test.each(['softhsm', 'nss'] as const)(
  '[S38] is rotated and the old one destroyed while the agent serves, on %s',
  async (module) => {
    agent = await startTestKeys({ module })
    const ops = agent.as('ops')
    const before = await agent.keys.mac('hk-pepper', Buffer.from('x'))
    expect(registerOf(agent).sealedBy).toBe('hk-register-1')
    const { key } = await ops.create('hk-register')
    expect(registerOf(agent).sealedBy).toBe('hk-register-1')
    const kept = readFileSync(join(agent.dir, 'state/register.json'))
    await ops.activate(key)
    expect(registerOf(agent).sealedBy).toBe('hk-register-2')
    await ops.destroy('hk-register-1')
    await ops.health()
    await agent.kill()
    await agent.restart()
    await ops.health()
    expect(await epochs(ops)).toEqual(['hk-register-1 destroyed', 'hk-register-2 active'])
    expect(await agent.keys.mac('hk-pepper', Buffer.from('x'))).toEqual(before)

    // What the old key sealed is believed no more.
    const now = readFileSync(join(agent.dir, 'state/register.json'))
    await agent.kill()
    writeFileSync(join(agent.dir, 'state/register.json'), kept)
    await expect(agent.restart()).rejects.toThrow(/it lacks hk-register-1/)
    writeFileSync(join(agent.dir, 'state/register.json'), now)
    await agent.restart()
  },
)

test('[S38] an agent that is killed at any step of it comes back and goes on', async () => {
  const dies = join(import.meta.dirname, '../../support/dies.ts')
  const dieAt = join('/tmp', `cr-die-${process.pid}`)
  agent = await startTestKeys({ environment: { NODE_OPTIONS: `--import ${dies}`, COUNTROOM_DIE_AT: dieAt } })
  const ops = agent.as('ops')
  const before = await agent.keys.mac('hk-pepper', Buffer.from('x'))
  let deaths = 0
  for (let alive = false; !alive; ) {
    const old = registerOf(agent).sealedBy
    writeFileSync(dieAt, String(deaths + 1))
    alive = await rotated(old).then(
      () => true,
      () => false,
    )
    if (alive) break
    deaths++
    expect(existsSync(dieAt)).toBe(false)
    await agent.kill()
    await agent.restart()
    await ops.health()
    expect((await epochs(ops)).filter((each) => each.endsWith(' active'))).toEqual([
      `${registerOf(agent).sealedBy} active`,
    ])
    expect(firstBadLine(await ops.journal(0, 1000))).toBeUndefined()
    await rotated(old)
    expect(await agent.keys.mac('hk-pepper', Buffer.from('x'))).toEqual(before)
  }
  rmSync(dieAt, { force: true })
  expect(deaths).toBeGreaterThan(30)

  /** As the operator's commands do it, who find what was done already. */
  async function rotated(old: string): Promise<void> {
    const own = (await ops.list()).filter(({ family }) => family === 'hk-register')
    if (own.find(({ state }) => state === 'active')?.key === old) {
      const made = own.find(({ state }) => state === 'pre-active') ?? (await ops.create('hk-register'))
      await ops.activate(made.key)
    }
    if (own.find(({ key }) => key === old)?.state !== 'destroyed') await ops.destroy(old)
  }
}, 180_000)
