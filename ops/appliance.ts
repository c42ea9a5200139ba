import { rmSync } from 'node:fs'
import { clearUnusedToken, homeDirectory, markInstalled, openHome } from './appliance/home.ts'
import { findIdentities } from './appliance/identity.ts'
import { stopLeftovers, takeLock } from './appliance/lock.ts'
import { coreUnit, edgeUnit, keysUnit, originsOf, sandboxUnit, workUnit } from './appliance/nodes.ts'
import { ensureCluster, ensureDatabase, postgresUnit } from './appliance/postgres.ts'
import { redisUnit } from './appliance/redis.ts'
import { bringUpCertificates, bringUpSchema, offerFirstEnrolment } from './appliance/schema.ts'
import { freePorts, readSettings, refuseTakenPorts } from './appliance/settings.ts'
import { createSupervisor, type UnitState } from './appliance/supervisor.ts'
import { asTrouble } from './appliance/trouble.ts'

/** What a running appliance tells about itself; also in `run/appliance.json`. */
export type Card = {
  home: string
  supervisor: number
  urls: { lobby: string; operator: string; partner: string; inbox: string; enrolment?: string }
  ca: string
  ports: Record<string, number>
  processes: UnitState[]
}

export type Appliance = {
  home: string
  urls: Card['urls']
  card(): Card
  processes(): UnitState[]
  /** Drains and stops everything it started; safe to call twice. */
  stop(): Promise<void>
}

/** Runs one step of the start and tells how it went; `work` answers a word worth telling. */
export type Step = <T>(title: string, work: (tell: (word: string) => void) => Promise<T>) => Promise<T>

const silently: Step = (_title, work) => work(() => {})

/**
 * Starts a whole appliance in one home: engines, key agent, schema, certificates, every process; answers when all of it
 * serves. What was started is stopped again when a step fails.
 *
 * @throws Trouble with what the operator can do about it
 */
export async function startAppliance(
  options: { home?: string; freePorts?: boolean; step?: Step; say?: (line: string) => void } = {},
): Promise<Appliance> {
  const step = options.step ?? silently
  const say = options.say ?? (() => {})
  const { engines, nodes, note } = findIdentities()
  if (note) say(note)
  const home = openHome(options.home ?? homeDirectory(), engines)
  const unlock = takeLock(home)
  let card: Card | undefined
  const supervisor = createSupervisor(home, (processes) => {
    if (card) publish({ ...card, processes })
  })
  try {
    const left = await stopLeftovers(home)
    if (left.length > 0) say(`Stopped what an earlier start had left running: ${left.join(', ')}.`)
    const read = readSettings(home)
    const settings = options.freePorts ? { ...read, ports: await freePorts() } : read
    await refuseTakenPorts(settings)

    await step('PostgreSQL', async (tell) => {
      if (ensureCluster(home, engines)) tell('new cluster')
      await supervisor.start(postgresUnit(home, settings, engines))
      await ensureDatabase(home)
    })
    await step('Redis', () => supervisor.start(redisUnit(home, engines)))
    await step('Key agent', async () => {
      clearUnusedToken(home)
      await supervisor.start(keysUnit(home, settings, nodes))
    })
    await step('Database schema', async (tell) => {
      const applied = await bringUpSchema(home)
      tell(applied.length === 0 ? 'current' : `${applied.length} migrations applied`)
    })
    await step('Certificates', async (tell) => {
      const issued = await bringUpCertificates(home, settings, engines)
      tell(issued.length === 0 ? 'current' : `issued ${issued.join(', ')}`)
    })
    markInstalled(home)
    await step('Sandbox, worker, two cores', () =>
      Promise.all([
        supervisor.start(sandboxUnit(home, settings, nodes)),
        supervisor.start(workUnit(home, settings, nodes)),
        supervisor.start(coreUnit(home, settings, 1, nodes)),
        supervisor.start(coreUnit(home, settings, 2, nodes)),
      ]),
    )
    await step('Edge', () => supervisor.start(edgeUnit(home, settings, nodes)))

    const secret = await offerFirstEnrolment(home)
    const origins = originsOf(settings)
    card = {
      home: home.dir,
      supervisor: process.pid,
      urls: {
        lobby: `${origins.player}/`,
        operator: `${origins.operator}/`,
        partner: `${origins.partner}/`,
        inbox: `http://127.0.0.1:${settings.ports.sandboxWeb}/inbox`,
        ...(secret ? { enrolment: `${origins.operator}/enrol#${secret}` } : {}),
      },
      ca: home.path('tls/ca.pem'),
      ports: settings.ports,
      processes: supervisor.states(),
    }
    publish(card)
  } catch (error) {
    await stop()
    throw asTrouble(error)
  }

  const published = card
  let stopped: Promise<void> | undefined
  return {
    home: home.dir,
    urls: published.urls,
    card: () => ({ ...published, processes: supervisor.states() }),
    processes: supervisor.states,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }

  async function stop(): Promise<void> {
    await supervisor.stop()
    rmSync(home.path('run/appliance.json'), { force: true })
    unlock()
  }

  function publish(current: Card): void {
    home.write('run/appliance.json', `${JSON.stringify(current, null, 2)}\n`)
  }
}
