import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { renewalDue } from '#pki'
import { refuseMissingExporters, startExporters } from '../appliance/exporter-units.ts'
import { furnish } from '../appliance/furniture.ts'
import { type Home, openHome } from '../appliance/home.ts'
import type { Identities } from '../appliance/identity.ts'
import { stopLeftovers, takeLock } from '../appliance/lock.ts'
import { edgeUnit, originsOf } from '../appliance/nodes.ts'
import { portsInUse } from '../appliance/ports.ts'
import { readSettings, type Settings } from '../appliance/settings.ts'
import { createSupervisor } from '../appliance/supervisor.ts'
import { asTrouble } from '../appliance/trouble.ts'
import type { Appliance, Card, Step } from '../appliance.ts'
import { renewAt } from '../commands/pki/renew.ts'
import { targetsOf } from '../monitoring/targets.ts'
import { keepTelemetry } from '../telemetry/keeper.ts'
import { bringUpEdgeLists } from './edge-lists.ts'
import { type EdgeNode, keepalivedUnit } from './keepalived.ts'

type Options = {
  dir: string
  identities: Identities
  edgeNode: EdgeNode
  step: Step
  say: (line: string) => void
  signal?: AbortSignal
}

const lookEveryMs = 60_000
/** Nobody is let in by a list that has ended, after a day; a new one comes with each renewal. */
const listMsMax = 6 * 3_600_000

/**
 * Starts a machine that is an edge before a cluster and nothing else: the edge, and keepalived, which has the virtual address where
 * the edge lives. It has no database and no keys; its certificates it renews at the casino's own operator face.
 */
export async function startEdgeNode({ dir, identities, edgeNode, step, say, signal }: Options): Promise<Appliance> {
  const home = openHome(dir, identities)
  const unlock = takeLock(home)
  const settings = readSettings(home)
  const { users } = identities
  const supervisor = createSupervisor(home, () => {}, signal)
  let keeper: NodeJS.Timeout | undefined
  let figures: Awaited<ReturnType<typeof keepTelemetry>>
  const stop = async () => {
    clearInterval(keeper)
    await figures?.stop()
    await supervisor.stop()
    rmSync(home.path('run/appliance.json'), { force: true })
    unlock()
  }
  try {
    await stopLeftovers(home)
    refuseMissingExporters(settings)
    furnish(home, identities)
    const done = await bringUpEdgeLists(home, settings)
    if (done) say(`${done}.`)
    await step('Edge', () => supervisor.start(edgeUnit(home, settings, users)))
    const { virtualAddress } = edgeNode
    if (virtualAddress !== undefined)
      await step('Virtual address', () => supervisor.start(keepalivedUnit(home, settings, edgeNode, virtualAddress)))
    await startExporters(home, settings, users, supervisor, say)
    figures = await keepTelemetry(settings, targetsOf(settings, true), say)
    keeper = setInterval(() => void renew(home, edgeNode, settings, say), lookEveryMs)
  } catch (error) {
    await stop()
    throw asTrouble(error, dir)
  }
  const origins = originsOf(settings)
  const card = (): Card => ({
    home: dir,
    supervisor: process.pid,
    urls: { lobby: `${origins.player}/`, operator: `${origins.operator}/`, partner: `${origins.partner}/`, inbox: '' },
    ca: home.path('tls/ca.pem'),
    ports: portsInUse(settings),
    processes: supervisor.states(),
  })
  home.write('run/appliance.json', `${JSON.stringify(card(), null, 2)}\n`)
  let stopped: Promise<void> | undefined
  return {
    home: dir,
    urls: card().urls,
    card,
    processes: supervisor.states,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Through itself: what is asked of the operator face goes to a core that lives. Lists of who was taken back come along. */
async function renew(home: Home, { number }: EdgeNode, settings: Settings, say: (line: string) => void): Promise<void> {
  const done = await bringUpEdgeLists(home, settings)
  if (done) say(`${done}.`)
  for (const file of ['edge', 'public']) {
    const certificate = new X509Certificate(readFileSync(home.path('tls', `${file}.pem`)))
    const { serialNumber: serial, validFromDate: notBefore, validToDate: notAfter } = certificate
    const isListOld = file === 'edge' && Date.now() - statSync(home.path('tls/revoked.pem')).mtimeMs > listMsMax
    if (!isListOld && renewalDue({ serial, notBefore, notAfter }) > new Date()) continue
    const at = { folder: home.path('tls'), operator: `https://localhost:${settings.ports.operator}` }
    await renewAt(at, `${file}-${number}`, file).then(
      () => say(`Renewed: ${file}-${number}.`),
      (error: Error) => say(`${file}-${number} could not be renewed: ${error.message}`),
    )
  }
}
