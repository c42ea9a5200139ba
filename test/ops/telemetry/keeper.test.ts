import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter, Registry } from 'prom-client'
import { afterAll, expect, test } from 'vitest'
import { viewHome } from '../../../ops/appliance/home.ts'
import { readSettings } from '../../../ops/appliance/settings.ts'
import type { TargetGroup } from '../../../ops/monitoring/targets.ts'
import { keepTelemetry } from '../../../ops/telemetry/keeper.ts'
import { until } from '../../support/client.ts'
import { openCollector } from '../../support/collector.ts'

/** Figures on their way to a collector: from whoever answers, with what lets us in, and with a word when it does not take them. */
const dir = mkdtempSync(join(tmpdir(), 'cr-keeper-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('figures of all who answer are sent; a collector that freezes is told of once, and again when it is back', async () => {
  const registry = new Registry()
  new Counter({ name: 'asked_total', help: 'Asked.', registers: [registry] }).inc()
  const process = createServer(async (_, response) => response.end(await registry.metrics()))
  await new Promise<void>((resolve) => process.listen(0, '127.0.0.1', resolve))
  const { port } = process.address() as AddressInfo
  const collector = await openCollector()
  const headersFile = join(dir, 'headers')
  writeFileSync(headersFile, 'authorization: Bearer let-us-in\nx-scope: casino\n')
  chmodSync(headersFile, 0o600)
  const otlp = { endpoint: `${collector.endpoint}/`, caFile: collector.caFile, headersFile }
  writeFileSync(join(dir, 'countroom.json'), JSON.stringify({ telemetry: { otlp, metrics: { everySeconds: 1 } } }))
  const at = (component: string, address: string, scheme: 'http' | 'https' = 'http'): TargetGroup => ({
    targets: [address],
    labels: { component, kind: component, node: 'n', instance: `n/${component}`, __scheme__: scheme },
  })
  const inventory = [at('core', `127.0.0.1:${port}`), at('gone', '127.0.0.1:1'), at('patroni', 'n:8008', 'https')]
  const said: string[] = []
  const keeper = await keepTelemetry(readSettings(viewHome(dir)), inventory, (line) => said.push(line))
  try {
    await until('figures', async () => collector.metrics.find(({ name }) => name === 'asked_total'))
    expect(new Set(collector.metrics.map(({ instance }) => instance))).toEqual(new Set(['n/core']))
    expect(collector.headers[0]).toContain('Bearer let-us-in')
    expect(collector.headers[0]).toContain('casino')
    expect(said).toEqual([])
    collector.freeze()
    await until('a word that it does not answer', async () => said[0], 30)
    expect(said[0]).toContain('does not take figures')
    expect(said[0]).not.toContain('let-us-in')
    collector.thaw()
    await until('a word that it is back', async () => said.find((line) => line.endsWith('takes figures again.')), 30)
    expect(said).toHaveLength(2)
  } finally {
    await keeper?.stop()
    await collector.kill()
    collector.remove()
    process.close()
    process.closeAllConnections()
  }
})

test('without a wish for figures nobody keeps sending them', async () => {
  for (const telemetry of [undefined, { otlp: { endpoint: 'https://c.example' }, metrics: null }]) {
    writeFileSync(join(dir, 'countroom.json'), JSON.stringify({ telemetry }))
    expect(await keepTelemetry(readSettings(viewHome(dir)), [], () => {})).toBeUndefined()
  }
})
