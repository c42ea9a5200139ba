import { rmSync } from 'node:fs'
import { connectKeys } from '#keys'
import { survey } from '#program'
import { bringUpCertificates, keepCertificates, type Lives } from './appliance/certificates.ts'
import { keepClock } from './appliance/clock.ts'
import { ensureCluster } from './appliance/cluster.ts'
import { hasEdge } from './appliance/components.ts'
import { refuseFullDisk } from './appliance/disk.ts'
import { refuseMissingExporters, startExporters } from './appliance/exporter-units.ts'
import { clearUnusedToken, furnish, refuseDamage } from './appliance/furniture.ts'
import { type Home, homeDirectory, isInstalled, markInstalled, openHome, viewHome } from './appliance/home.ts'
import { findIdentities, repository } from './appliance/identity.ts'
import { stopLeftovers, takeLock } from './appliance/lock.ts'
import { coreUnits, edgeUnit, keysUnit, originsOf, sandboxUnit, workUnit } from './appliance/nodes.ts'
import { refuseOutOfReach } from './appliance/outside.ts'
import { type AskPin, typedPin } from './appliance/pin.ts'
import { freePorts, portsInUse, refuseTakenPorts } from './appliance/ports.ts'
import { connect, ensureDatabase, postgresUnit } from './appliance/postgres.ts'
import { checkProgram } from './appliance/program.ts'
import { redisUnit } from './appliance/redis.ts'
import { isRejoinPending, rejoin } from './appliance/rejoin.ts'
import { bringUpSchema, isInUse, offerFirstEnrolment } from './appliance/schema.ts'
import { readSettings, type Settings } from './appliance/settings.ts'
import { agentSocket } from './appliance/sockets.ts'
import { createSupervisor, type UnitState } from './appliance/supervisor.ts'
import { joinedMark } from './appliance/token.ts'
import { asTrouble } from './appliance/trouble.ts'
import { keepArchive } from './audit/keeper.ts'
import { forget, furnishBackup, keepBackups, refuseUnproven, repositoriesOf } from './backup/index.ts'
import { startEdgeNode } from './failover/edge-node.ts'
import { refuseEnded } from './failover/ended.ts'
import { keepFence, refuseSuperseded } from './failover/fence.ts'
import { joinCluster } from './failover/join.ts'
import { keepUp } from './failover/left-behind.ts'
import { bringUpLists } from './failover/lists.ts'
import { clearMembers } from './failover/members.ts'
import { answerForSite, wordsOfLoss } from './failover/site-loss.ts'
import { standBy } from './failover/stand-by.ts'
import { keepAwake } from './failover/wake.ts'
import { targetsOf } from './monitoring/targets.ts'
import { keepTelemetry } from './telemetry/keeper.ts'

/** What a running appliance tells about itself; also in `run/appliance.json`. */
export type Card = {
  home: string
  supervisor: number
  urls: { lobby: string; operator: string; partner: string; inbox: string; enrolment?: string }
  ca: string
  ports: Record<string, number>
  processes: UnitState[]
  /** Set while this is a second site that follows the first and takes no money. */
  follows?: true
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

type Options = {
  home?: string
  freePorts?: boolean
  /** The operator's word that the program as it stands is the one that may serve. */
  approveProgram?: boolean
  /** The operator's word that the second site, which does not answer, was not promoted. */
  firstSiteLeads?: boolean
  step?: Step
  say?: (line: string) => void
  /** Shorter lives of certificates than settings allow, for tests that watch one. */
  lives?: Lives
  /** Asks whoever sits at the terminal for the PIN of the token. */
  askPin?: AskPin
  /** Ends a start that is under way; what it had started is stopped. */
  signal?: AbortSignal
}

/**
 * Starts a whole appliance in one home: engines, key agent, schema, certificates, every process; answers when all of it
 * serves. What was started is stopped again when a step fails.
 *
 * @throws Trouble with what the operator can do about it; the signal's reason when it was aborted
 */
export async function startAppliance(options: Options = {}): Promise<Appliance> {
  const { signal } = options
  const say = options.say ?? (() => {})
  const step: Step = (title, work) => {
    signal?.throwIfAborted()
    return (options.step ?? silently)(title, work)
  }
  const identities = findIdentities()
  const { users, note } = identities
  if (note) say(note)
  const dir = options.home ?? homeDirectory()
  const edgeNode = edgeNodeOf(dir)
  if (edgeNode) return startEdgeNode({ dir, identities, edgeNode, step, say, ...(signal ? { signal } : {}) })
  const home = inWords(dir, () => openHome(dir, identities))
  const unlock = inWords(dir, () => takeLock(home))
  let card: Card | undefined
  const keepers: Array<{ stop(): Promise<void> | void }> = []
  const changed = (processes: UnitState[]) => {
    if (card) card = publish(home, { ...card, processes })
  }
  const supervisor = createSupervisor(home, changed, signal)
  try {
    const left = await stopLeftovers(home)
    if (left.length > 0) say(`Stopped what an earlier start had left running: ${left.join(', ')}.`)
    refuseUnproven(home)
    refuseFullDisk(home)
    furnish(home, identities)
    const read = readSettings(home)
    const settings = options.freePorts ? { ...read, ports: await freePorts() } : read
    if (!settings.cluster) clearMembers(home)
    refuseOutOfReach(settings, users)
    refuseMissingExporters(settings)
    await refuseTakenPorts(settings, users.edge)
    const startKeys = once(async () => {
      await readyToken(home)
      const pin = await typedPin(settings, options.askPin)
      await supervisor.start(keysUnit(home, settings, users, { pin }))
    })
    if (settings.cluster) await judgeAgain(home, settings, settings.cluster, options.lives, startKeys, say)
    await refuseSuperseded(home, settings, options.firstSiteLeads === true)
    if (settings.backup) furnishBackup(home, users, repositoriesOf(home, settings.backup))

    const surveyed = survey(repository) // takes as long as the engines do, so it goes on beside them
    surveyed.catch(() => {})

    await step('PostgreSQL, Redis, sandbox', async (tell) => {
      const postgres = async () => {
        if (await ensureCluster(home, users.postgres, signal)) tell('new cluster')
        await supervisor.start(postgresUnit(home, settings, users))
        await ensureDatabase(home)
      }
      const { cluster } = settings
      await allOf(
        cluster ? joinCluster({ home, settings, cluster, users, supervisor, tell }) : postgres(),
        supervisor.start(redisUnit(home, settings, users)),
        supervisor.start(sandboxUnit(home, settings, users)),
      )
    })
    await step('Key agent', startKeys)
    const { cluster } = settings
    if (cluster?.follows) {
      card = publish(home, { ...cardOf(home, settings, supervisor.states()), follows: true })
      const lives = options.lives ?? {}
      await step('Second site', (tell) => standBy({ home, settings, cluster, users, lives, say, tell, signal }))
    }
    await step('Database schema, certificates', async (tell) => {
      const applied = await bringUpSchema(home)
      const { issued, disabled, fingerprint } = await bringUpCertificates(home, settings, users, options.lives)
      for (const name of disabled) say(`${name} was taken back and is let in nowhere: npx countroom pki list`)
      const news = [
        ...(applied.length > 0 ? [`${applied.length} migrations applied`] : []),
        ...(issued.length > 0 ? [`issued ${issued.join(', ')}`] : []),
      ]
      tell(news.length === 0 ? 'current' : news.join('; '))
      markInstalled(home, fingerprint)
      keysUnit(home, settings, users) // rendered anew: an agent that is restarted must find its keys from now on
    })
    if (cluster?.follows)
      await step('What the first site had', async (tell) => tell(wordsOfLoss(await answerForSite(home))))
    if (isRejoinPending(home)) await step('Newest data keys', (tell) => rejoin(home, tell))
    const units = [
      workUnit(home, settings, users),
      ...coreUnits(home, settings, users),
      ...(hasEdge(settings) ? [edgeUnit(home, settings, users)] : []),
    ]
    await step('Control program', async (tell) => {
      const approve = options.approveProgram === true
      const word = await checkProgram(home, settings, {
        surveyed,
        approve,
        fixedPorts: !options.freePorts,
      })
      tell(word)
    })
    keepers.push(keepClock(home, users))
    keepers.push(keepCertificates(home, settings, users, options.lives ?? {}, say))
    const { auditArchiveTo: folder } = settings
    if (folder) keepers.push(keepArchive({ open: () => connect(home, 'owner'), folder, say }))
    if (cluster)
      keepers.push(
        keepAwake(home, settings, cluster, say),
        keepUp(home, settings, cluster, say),
        keepFence(home, settings, say),
      )
    if (settings.backup) keepers.push(keepBackups({ home, settings, users }, say))
    await step(hasEdge(settings) ? 'Worker, cores, edge' : 'Worker, cores', () =>
      allOf(...units.map((unit) => supervisor.start(unit))),
    )

    if (settings.exporters) await step('Exporters', () => startExporters(home, settings, users, supervisor, say))
    const telemetry = await keepTelemetry(settings, targetsOf(settings, true), say)
    if (telemetry) keepers.push(telemetry)

    const secret = await offerFirstEnrolment(home)
    const whole = cardOf(home, settings, supervisor.states())
    const enrolment = secret ? { enrolment: `${whole.urls.operator}enrol#${secret}` } : {}
    card = publish(home, { ...whole, urls: { ...whole.urls, ...enrolment } })
  } catch (error) {
    await stop()
    throw asTrouble(error, dir)
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
    for (const keeper of keepers) await keeper.stop()
    await supervisor.stop()
    forget(home)
    rmSync(home.path('run/appliance.json'), { force: true })
    unlock()
  }
}

function cardOf(home: Home, settings: Settings, processes: UnitState[]): Card {
  const origins = originsOf(settings)
  return {
    home: home.dir,
    supervisor: process.pid,
    urls: {
      lobby: `${origins.player}/`,
      operator: `${origins.operator}/`,
      partner: `${origins.partner}/`,
      inbox: `http://127.0.0.1:${settings.ports.sandboxWeb}/inbox`,
    },
    ca: home.path('tls/ca.pem'),
    ports: portsInUse(settings),
    processes,
  }
}

/** Settings that cannot be read are told further on, by whoever needs them. */
function edgeNodeOf(dir: string): Settings['edgeNode'] {
  try {
    return readSettings(viewHome(dir)).edgeNode
  } catch {
    return undefined
  }
}

/** A node that was off for long: certificates and lists by which it comes to its engines, and they to each other. */
async function judgeAgain(
  home: Home,
  settings: Settings,
  cluster: NonNullable<Settings['cluster']>,
  lives: Lives = {},
  startKeys: () => Promise<void>,
  say: (line: string) => void,
): Promise<void> {
  refuseEnded(home)
  const agent = async () => {
    await startKeys()
    return connectKeys({ socket: agentSocket(home, 'ops') })
  }
  const done = await bringUpLists({
    home,
    settings,
    cluster,
    agent,
    by: 'countroom up',
    listSeconds: lives.listSeconds,
  })
  if (done) say(`${done}.`)
}

/** No token is made where one has been in use: that is damage, even when the mark of the installation is gone too. */
async function readyToken(home: Home): Promise<void> {
  if (isInstalled(home)) return
  if (!(await isInUse(home))) {
    if (!home.has(joinedMark)) clearUnusedToken(home)
    return
  }
  markInstalled(home)
  refuseDamage(home)
}

/** A full disk keeps the card as it was; it must not end the appliance. */
function publish(home: Home, card: Card): Card {
  try {
    home.write('run/appliance.json', `${JSON.stringify(card, null, 2)}\n`)
  } catch {}
  return card
}

/** The same work, done once, whoever asks for it. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}

function inWords<T>(dir: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asTrouble(error, dir)
  }
}

/** All of it, and when something fails, not before all of it has ended: nothing may begin behind the back of a stop. */
async function allOf<T extends Promise<unknown>[]>(...work: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return (await Promise.all(work)) as { [K in keyof T]: Awaited<T[K]> }
}
