import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startExporters } from '../../../ops/appliance/exporter-units.ts'
import { openHome, viewHome } from '../../../ops/appliance/home.ts'
import { freePorts } from '../../../ops/appliance/ports.ts'
import { readSettings } from '../../../ops/appliance/settings.ts'
import { createSupervisor } from '../../../ops/appliance/supervisor.ts'
import { newHome } from '../../support/home.ts'
import { removeHome } from '../command.ts'

/** Exporters on a home whose PostgreSQL and Redis are away, as a switchover has it: it is said, and ends nothing. */
const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
const supervisor = createSupervisor(viewHome(dir), () => {})
beforeAll(() => {
  for (const folder of ['log', 'secrets', 'run/credentials']) mkdirSync(home.path(folder), { recursive: true })
  writeFileSync(home.path('secrets/postgres-admin'), 'of a test\n', { mode: 0o600 })
  writeFileSync(home.path('countroom.json'), JSON.stringify({ exporters: true }))
})
afterAll(async () => {
  await supervisor.stop()
  removeHome(dir)
})

test('what cannot be watched yet is told, exporter by exporter, and what can be is watched', {
  timeout: 90_000,
}, async () => {
  const settings = { ...readSettings(home), ports: await freePorts() }
  const said: string[] = []
  await startExporters(home, settings, {}, supervisor, (line) => void said.push(line))
  expect(said.length).toBeGreaterThanOrEqual(3)
  for (const line of said) expect(line).toMatch(/^Not watched yet: /)
  expect(said.join('\n')).toMatch(/s\.PGSQL|ENOENT/) // the role could not be made
  expect(said.join('\n')).toContain('postgres-exporter') // so it does not reach what it tells of
  expect(said.join('\n')).toContain('redis-exporter') // its password is not there
  const { nodeMetrics } = settings.ports
  expect(await (await fetch(`http://127.0.0.1:${nodeMetrics}/metrics`)).text()).toContain('node_boot_time_seconds')
})
