import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changes, type Fleet, openCaller, openFleet } from '../support/edge-fleet.ts'
import { until } from '../support/edge-load.ts'
import { startEdgeRedis } from '../support/edge-redis.ts'
import { inARow } from '../support/turns.ts'

/** Two hosts that count together, from outside; what limits do by themselves is in `limit/`. */
const dir = mkdtempSync(join(tmpdir(), 'cr-edge-redis-'))
let redis: ChildProcess
let path: string
let hosts: Fleet[] = []
const quota = 200
const hostsMin = 2
const rule = { name: 'changes', by: 'network', classes: ['bet'], quota, windowSeconds: 36_000 }
const secret = join(dir, 'tickets')
const password = join(dir, 'password')

beforeAll(async () => {
  ;({ path, process: redis } = startEdgeRedis(dir))
  writeFileSync(secret, 'the same on all hosts, and 32 bytes at least', { mode: 0o400 })
  writeFileSync(password, 'secret', { mode: 0o400 })
  hosts = await Promise.all([openFleet({ cores: 1, workers: 1 }), openFleet({ cores: 1, workers: 1 })])
}, 120_000)
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()))
  redis.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** What so many bets are answered, asked by turns of both hosts. */
async function bets(count: number): Promise<Map<number, number>> {
  const callers = hosts.map((host) => openCaller(host, 4))
  const statuses = new Map<number, number>()
  const ask = async (i: number) => {
    const { status } = await callers[i % 2]!.ask('POST', changes, { key: `k-${Math.random()}`, body: '{}' })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  await Promise.all(Array.from({ length: count }, (_, i) => ask(i)))
  await Promise.all(callers.map((caller) => caller.close()))
  return statuses
}

/** Each rule has a name of its own, and so counts anew. */
async function limit(name: string): Promise<void> {
  for (const host of hosts)
    host.write({
      tickets: { secretFile: secret },
      redis: { socket: path, user: 'edge', passwordFile: password, hostsMin },
      limits: { ...(host.config.limits as object), rules: [{ ...rule, name }] },
    })
  for (const host of hosts)
    await until(
      `${name} is in force at both`,
      async () => {
        await new Promise((done) => setTimeout(done, 200))
        const { port } = (host.config.listen as { metrics: { port: number } }).metrics
        const told = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        )
        return /^countroom_edge_limits_together 1$/m.test(told) && !/leaving|starting/.test(await stages(host))
      },
      90,
    )
}

async function stages(host: Fleet): Promise<string> {
  const { workers } = (await host.admin('GET', '/status')).body as { workers: Array<{ stage: string }> }
  return workers.map(({ stage }) => stage).join()
}

test('hosts that are told of Redis while they run count together from then on', { timeout: 120_000 }, async () => {
  await limit('together')
  const statuses = await bets(3 * quota)
  // Each lets in a quarter of its share before it tells the others.
  expect(statuses.get(200)).toBeLessThanOrEqual(quota * 1.25)
  expect(statuses.get(200)).toBeGreaterThan(quota / 4)
  expect([...statuses.keys()].sort()).toEqual([200, 429])
})

test.each(['SIGSTOP', 'SIGKILL'] as const)(
  'Redis gone by %s under way: no answer but the limit’s, and each host keeps to its share',
  { timeout: 180_000, ...inARow },
  async (signal) => {
    await limit(`gone-${signal.toLowerCase()}-${Math.random().toString(36).slice(2, 8)}`)
    const before = bets(quota / 2)
    redis.kill(signal)
    const [first, then] = [await before, await bets(3 * quota)]
    const all = (status: number) => (first.get(status) ?? 0) + (then.get(status) ?? 0)
    expect(
      [...new Set([...first.keys(), ...then.keys()])].filter((status) => status !== 200 && status !== 429),
    ).toEqual([])
    expect(all(200)).toBeLessThanOrEqual(quota * 1.5)
    expect(all(200)).toBeGreaterThan(quota / 4)
    if (signal === 'SIGSTOP') redis.kill('SIGCONT')
    else ({ process: redis } = startEdgeRedis(dir))
  },
)
