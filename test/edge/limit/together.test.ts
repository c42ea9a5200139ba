import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { askerOf } from '../../../edge/limit/asker.ts'
import { type Limits, openLimits } from '../../../edge/limit/limits.ts'
import { openLimitMemory } from '../../../edge/limit/memory.ts'
import { type Rule, rules } from '../../../edge/limit/rules.ts'
import { createSipHash } from '../../../edge/limit/siphash.ts'
import { openStore, type Store } from '../../../edge/limit/store.ts'
import type { Exchange } from '../../../edge/listen/exchange.ts'
import type { Route } from '../../../edge/route.ts'
import { openRoutes } from '../../../edge/routes.ts'
import { until } from '../../support/client.ts'
import { startEdgeRedis } from '../../support/edge-redis.ts'
import { inARow } from '../../support/turns.ts'

/** Limits of several hosts, with a real Redis between them that is killed, stopped and started again. */
const dir = mkdtempSync(join(tmpdir(), 'cr-together-'))
let path: string
let redis: ChildProcess
function startRedis(): void {
  ;({ path, process: redis } = startEdgeRedis(dir))
}
beforeAll(startRedis)
afterAll(() => {
  redis.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const routes = openRoutes()
const bet = routes.of('player', 'POST', '/api/games/x/rounds')
const signIn = routes.of('player', 'POST', '/api/sessions')

type Host = { limits: Limits; store: Store; ask(route: Route, network: string): Promise<boolean>; skewMs: number }
const open: Host[] = []
let turn = 0 // each has networks of its own
beforeEach(async () => {
  turn++
  for (const host of open.splice(0)) {
    host.limits.close()
    host.store.close()
  }
})

/** A host as the others know it, with memory of its own; `skewMs`: how far its clock is off. */
function host(given: unknown[], { hosts, skewMs = 0 }: { hosts: number; skewMs?: number }): Host {
  const store = openStore({ address: { path }, user: 'edge', password: () => 'secret', answerMsMax: 500 })
  const memory = { ...openLimitMemory(undefined), isShared: true, hash: createSipHash(7, 8) }
  const { sinceMs } = memory
  memory.sinceMs = (nowMs) => sinceMs(nowMs) + skewMs
  const limits = openLimits({
    rules: rules.parse(given) as Rule[],
    inFlight: { network: 1e6, session: 1e6 },
    memory,
    workers: 1,
    store,
    hostsMin: hosts,
    onRefused: () => {},
    onShadow: () => {},
  })
  const it: Host = {
    limits,
    store,
    skewMs,
    async ask(route, network) {
      const nobody = { session: undefined, player: undefined, token: undefined, isOwnerKnown: true }
      const askers = { network: askerOf(memory.hash, 'network', network), ...nobody }
      const exchange = { face: 'player', startedMs: performance.now(), also: [] } as unknown as Exchange
      const problem = await limits.admit(exchange, route, askers)
      if (problem === undefined) limits.leave(askers)
      else expect(problem.status).toBe(429) // never a 500, whatever Redis does
      return problem === undefined
    },
  }
  open.push(it)
  return it
}

const all = { name: 'all', by: 'network', quota: 600, windowSeconds: 60, burst: 600 }
const ready = (hosts: readonly Host[]) =>
  until('hosts that can talk', async () => (hosts.every(({ store }) => store.open) ? true : undefined))

/** Each host is asked as fast as it answers. Answers how many were let in, and the seconds it took. */
async function flood(hosts: readonly Host[], network: string, seconds: number, route = bet) {
  const beganMs = performance.now()
  const admitted = await Promise.all(
    hosts.map(async (one) => {
      let count = 0
      while (performance.now() - beganMs < seconds * 1000) {
        for (let i = 0; i < 20; i++) if (await one.ask(route, network)) count++
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      return count
    }),
  )
  return { admitted: admitted.reduce((sum, each) => sum + each, 0), seconds: (performance.now() - beganMs) / 1000 }
}

/** What a rule lets in during so many seconds, all hosts together, and beyond it what each lets in quietly. */
const bound = (seconds: number, hosts: number) => 600 + 10 * (seconds + 1) + hosts * (600 / hosts / 4)

test.each([0, 60_000, -60_000])(
  'three hosts, one of whose clocks is off by %d ms, let in no more than the limit and what they let in quietly',
  inARow,
  async (skewMs) => {
    const hosts = [host([all], { hosts: 3 }), host([all], { hosts: 3, skewMs }), host([all], { hosts: 3 })]
    await ready(hosts)
    const { admitted, seconds } = await flood(hosts, `192.0.2.${skewMs} ${turn}`, 2)
    expect(admitted).toBeLessThanOrEqual(bound(seconds, 3))
    expect(admitted).toBeGreaterThan(400)
  },
)

test('who asks one host alone gets nearly all of it, by what the others do not use', async () => {
  const hosts = [host([all], { hosts: 3 }), host([all], { hosts: 3 }), host([all], { hosts: 3 })]
  await ready(hosts)
  const { admitted, seconds } = await flood(hosts.slice(0, 1), `192.0.2.7 ${turn}`, 2)
  expect(admitted).toBeGreaterThan(400) // its even share would be 200
  expect(admitted).toBeLessThanOrEqual(bound(seconds, 3))
})

test('what is strict is counted once for all hosts, exactly', async () => {
  const strict = { name: 'sign-in', by: 'network', classes: ['sign-in'], quota: 10, windowSeconds: 3600, strict: true }
  const hosts = [host([strict], { hosts: 3 }), host([strict], { hosts: 3 }), host([strict], { hosts: 3 })]
  await ready(hosts)
  const asked = await Promise.all(Array.from({ length: 60 }, (_, i) => hosts[i % 3]!.ask(signIn, `192.0.2.8 ${turn}`)))
  expect(asked.filter(Boolean)).toHaveLength(10)
})

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'Redis gone by %s: nobody waits for it, every host keeps to its share, and the strict to a small part of that',
  inARow,
  async (signal) => {
    const strict = {
      name: 'sign-in',
      by: 'network',
      classes: ['sign-in'],
      quota: 120,
      windowSeconds: 3600,
      strict: true,
    }
    const hosts = [host([all, strict], { hosts: 3 }), host([all, strict], { hosts: 3 })]
    await ready(hosts)
    redis.kill(signal)
    const asked = await Promise.all(
      Array.from({ length: 120 }, (_, i) => hosts[i % 2]!.ask(signIn, `192.0.2.9 ${signal} ${turn}`)),
    )
    // One who asked before it was known may be let in by nobody else's word; then a quarter of a third of 120 for each host.
    expect(asked.filter(Boolean).length).toBeLessThanOrEqual(2 * 10 + 2)
    expect(asked.filter(Boolean).length).toBeGreaterThanOrEqual(2 * 10 - 2)
    expect(hosts.map(({ store }) => store.open)).toEqual([false, false])
    const { admitted, seconds } = await flood(hosts, `192.0.2.10 ${signal} ${turn}`, 1)
    expect(admitted).toBeLessThanOrEqual(2 * (200 + (10 / 3) * (seconds + 1)))
    expect(admitted).toBeGreaterThan(300)
    if (signal === 'SIGSTOP') redis.kill('SIGCONT')
    else startRedis()
    await ready(hosts)
    expect(await hosts[0]!.ask(signIn, `192.0.2.11 ${turn}`)).toBe(true)
  },
)

test('hosts find out by themselves how many they are', async () => {
  const [one, other] = [host([all], { hosts: 1 }), host([all], { hosts: 1 })]
  await ready([one, other])
  await one.store.meet('b')
  expect(await other.store.meet('c')).toBeGreaterThanOrEqual(2)
})
