import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Ports } from '../../ops/appliance/settings.ts'
import { askHealth } from '../../ops/failover/keepalived.ts'
import { type Fleet, openFleet } from '../support/edge-fleet.ts'
import { until } from '../support/edge-load.ts'
import { freePort } from '../support/port.ts'

/** What decides whether an edge keeps the virtual address, asked of a real edge. */
let fleet: Fleet
let script: string
beforeAll(async () => {
  fleet = await openFleet({ cores: 1, workers: 1 })
  script = written('edge-health', (fleet.config.listen as { metrics: { port: number } }).metrics.port)
}, 120_000)
afterAll(() => fleet?.stop())

function written(name: string, edgeMetrics: number): string {
  const file = join(fleet.dir, name)
  writeFileSync(file, askHealth({ ports: { edgeMetrics } as Ports }))
  chmodSync(file, 0o700)
  return file
}

const is = (what: 'alive' | 'ready', file = script) => spawnSync(file, [what], { timeout: 30_000 }).status === 0

test('an edge is ready while a core serves, alive while it answers at all, and neither when it hangs or is gone', async () => {
  await until('a core to be found', async () => is('ready'))
  await until('it is alive, too', async () => is('alive'))

  await fleet.admin('PUT', '/leaving')
  await until('who drains is not ready', async () => !is('ready'))
  await until('who drains is alive', async () => is('alive'))
  await fleet.admin('DELETE', '/leaving')
  await until('it is ready again', async () => is('ready'))

  const [worker] = (await fleet.workers()) as [number]
  process.kill(worker, 'SIGSTOP')
  try {
    expect(is('alive')).toBe(false) // though the system takes connections for it
  } finally {
    process.kill(worker, 'SIGCONT')
  }
  await until('it answers again', async () => is('ready'))

  expect(is('alive', written('nobody', await freePort()))).toBe(false)
}, 180_000)
