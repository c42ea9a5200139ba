import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/port.ts'
import type { Track } from './track.ts'

const program = join(import.meta.dirname, '../../../edge/serve.ts')
const far = 1_000_000
const rules = [
  { name: 'network', by: 'network', quota: 100_000, windowSeconds: 1, burst: far },
  { name: 'player', by: 'player', quota: 100_000, windowSeconds: 1, burst: far },
  { name: 'token', by: 'token', quota: 100_000, windowSeconds: 1, burst: far },
]

/** The edge as it is run, with one worker; `off` leaves out what can be left out, to tell what that costs. */
export async function ourCommand(track: Track, port: number, features: 'on' | 'off'): Promise<string[]> {
  const [operator, partner, metrics] = [await freePort(), await freePort(), await freePort()]
  const listener = (at: number) => ({ host: '127.0.0.1', port: at, cert: track.front.cert, key: track.front.key })
  const core = { host: '127.0.0.1', port: track.originPort }
  const config = {
    name: 'edge',
    workers: 1,
    tls: { ca: track.ca, crl: track.crl, cert: track.edge.cert, key: track.edge.key },
    listeners: { player: listener(port), operator: listener(operator), partner: listener(partner) },
    cores: [{ name: 'core-1', player: core, operator: core, partner: core }],
    listen: { metrics: { host: '127.0.0.1', port: metrics } },
    gate: { documentedOnly: false },
    limits: {
      // All callers have one address here. The limits are kept, and never reached; and who is idle stays.
      rules: features === 'on' ? rules : [],
      inFlightNetworkMax: far,
      inFlightSessionMax: far,
      headersSecondsMax: 300,
      requestSecondsMax: 300,
      keepAliveSecondsMax: 300,
    },
    log: { level: features === 'on' ? 'info' : 'silent' },
  }
  const file = track.file(`edge-${features}-${port}.json`)
  writeFileSync(file, JSON.stringify(config))
  return [process.execPath, '--no-addons', program, '--config', file] // as ops starts it
}
