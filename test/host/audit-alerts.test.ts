import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'prom-client'
import { expect, test } from 'vitest'
import '../../core/host/clocks.ts'
import '../../core/host/incidents.ts'
import type { Host } from '../../core/host/host.ts'
import { startSealer } from '../../core/host/sealer.ts'
import { startShipper } from '../../core/host/shipping/shipper.ts'
import { watchTimeSource } from '../../core/host/time-source.ts'

const root = join(import.meta.dirname, '../..')

test('the alert rules ask for metrics there are, and their runbook and its commands exist', async () => {
  const sql = { begin: () => Promise.reject(new Error('no database here')) }
  const log = { error: () => {} }
  const config = { name: 'test', audit: { ship: { file: '/nonexistent/audit.jsonl' }, archived: true } }
  await startShipper({ sql, log, config, now: () => new Date() } as unknown as Host)?.stop()
  await startSealer({ sql, log, config, now: () => new Date() } as unknown as Host).stop()
  watchTimeSource({ sql, log, config, now: () => new Date() } as unknown as Host, '/nonexistent/work-1.json').close()
  const rules = readFileSync(join(root, 'ops/monitoring/alerts/events.yml'), 'utf8')
  const asked = new Set(rules.match(/countroom_\w+/g))
  expect(asked.size).toBe(8)
  for (const name of asked) expect(register.getSingleMetric(name), name).toBeDefined()
  const page = readFileSync(join(root, 'ops/runbooks/audit-events.md'), 'utf8')
  for (const [, file, heading] of rules.matchAll(/runbook: (\S+)#(\S+)/g)) {
    expect(file).toBe('ops/runbooks/audit-events.md')
    expect(page.toLowerCase()).toContain(`## ${heading!.replaceAll('-', ' ')}`)
  }
})
