import { timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import { openAdmin } from './admin.ts'
import { type Member, openMembership } from './balance/members.ts'
import { resolveMembers } from './balance/names.ts'
import type { EdgeConfig } from './config.ts'
import { type CrewMember, type Directions, openCrew } from './crew.ts'
import { secretTogether } from './limit/hosts-store.ts'
import { makeLimitMemory } from './limit/memory.ts'
import type { NameProof } from './listen/prover.ts'
import { startManagement } from './metrics.ts'
import { needsNewWorkers, openSettings, type Reload } from './settings.ts'
import type { Acme } from './tls/acme/index.ts'
import { listOf } from './visitors/network-list.ts'

/** What whoever runs the edge may see of it and do with it. */
export type Supervisor = {
  state(): Promise<EdgeState>
  /** Reads the configuration anew. */
  reload(): Reload
  /** Replaces every worker, one after the other. */
  restart(): Promise<void>
  /** Not ready any more, and clients are asked to go elsewhere; until it is taken back or the edge is stopped. */
  leave(leaving: boolean): void
  /** A core gets nothing new, or again its share. False when there is no such core. */
  drainCore(name: string, drained: boolean): boolean
  /** Networks that are kept out until the edge ends or they are let in again; what is to last stands in a file. */
  bans(): string[]
  /** False when it is no network. */
  ban(network: string, banned: boolean): boolean
}

export type EdgeState = {
  name: string
  pid: number
  startedAt: string
  leaving: boolean
  config: { file: string; readAt: string; problem?: string }
  /** Where each face stands, and to how many networks it is open where it is not open to all. */
  listeners: Record<string, string>
  workers: CrewMember[]
  drainedCores: string[]
}

/** Keeps the workers, the configuration and the list of cores of one host. @throws Error when it cannot listen */
export async function supervise(file: string, first: EdgeConfig, log: Logger): Promise<void> {
  const startedAt = new Date().toISOString()
  const drained = new Set<string>()
  const bans = new Set<string>()
  let stopping = false
  let leaving = false
  let members: readonly Member[] = []
  let proofs: readonly NameProof[] = []
  let acme: Promise<Acme> | undefined
  let countedBy = secretTogether(first)
  const settings = openSettings(file, first, applied)
  const crew = openCrew(directions(), makeLimitMemory(countedBy), (facts) =>
    log.error(facts, 'a worker died; another takes its place'),
  )
  const membership = openMembership(
    first,
    (now) => {
      members = now
      log.info({ cores: members.map(({ name }) => name) }, 'the cores are these')
      crew.direct(directions())
    },
    (error) => log.warn({ error: error.message }, 'DNS does not tell the cores; those known stay'),
    resolveMembers,
  )
  const management = await startManagement({ config: first, ready, answers })
  const self: Supervisor = {
    state,
    reload: () => applied(settings.reload()),
    restart: crew.restart,
    leave,
    drainCore,
    bans: () => [...bans],
    ban,
  }
  const admin = first.listen.admin === undefined ? undefined : await openAdmin(first.listen.admin, self)
  void crew.listening.then(() => followAcme(settings.current())) // an authority looks at once
  log.info({ workers: first.workers, listeners: listeners() }, 'edge serves')

  process.on('SIGHUP', () => void self.reload())
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)

  async function stop(): Promise<void> {
    stopping = true
    settings.close()
    membership.close()
    await crew.stop()
    for (const server of management) server.close()
    admin?.close()
    process.exit(0)
  }

  async function state(): Promise<EdgeState> {
    const { problem, readAt } = settings
    return {
      name: settings.current().name,
      pid: process.pid,
      startedAt,
      leaving: leaving || stopping,
      config: { file, readAt, ...(problem ? { problem } : {}) },
      listeners: listeners(),
      workers: await crew.members(),
      drainedCores: [...drained],
    }
  }

  function leave(yes: boolean): void {
    leaving = yes
    log.warn({ leaving }, yes ? 'told to leave: clients are asked to go elsewhere' : 'told to stay')
    crew.direct(directions())
  }

  function drainCore(name: string, yes: boolean): boolean {
    if (!members.some((member) => member.name === name)) return false
    if (yes) drained.add(name)
    else drained.delete(name)
    log.warn({ core: name, drained: yes }, yes ? 'core gets nothing new' : 'core is back')
    crew.direct(directions())
    return true
  }

  function ban(network: string, yes: boolean): boolean {
    try {
      listOf([network])
    } catch {
      return false
    }
    if (yes) bans.add(network)
    else bans.delete(network)
    log.warn({ network, banned: yes }, yes ? 'network is kept out' : 'network is let in again')
    crew.direct(directions())
    return true
  }

  function listeners(): Record<string, string> {
    const faces = Object.entries(settings.current().listeners)
    return Object.fromEntries(
      faces.map(([face, { host, port, networks }]) => [face, `${host}:${port}${networks ? openTo(networks) : ''}`]),
    )
  }

  function ready(): string[] {
    if (stopping || leaving) return ['draining']
    return crew.anyHealthy() ? [] : ['core']
  }

  async function answers(): Promise<boolean> {
    return (await crew.members()).some(({ state }) => state !== undefined)
  }

  function directions(): Directions {
    return { config: settings.current(), members, drainedCores: [...drained], bans: [...bans], proofs, leaving }
  }

  /** What it is made of is loaded where it is wanted. */
  function followAcme(config: EdgeConfig): void {
    if (!config.acme && !acme) return
    acme ??= import('./tls/acme/index.ts').then(({ openAcme }) => openAcme(log, prove))
    void acme.then((it) => it.follow(config))
  }

  async function prove(now: readonly NameProof[]): Promise<void> {
    proofs = now
    crew.direct(directions())
    await crew.members() // who answers has heard what was told before
  }

  /** Hosts that hash by another secret would each let in the whole of a limit, so workers that begin from now on count anew by this one. */
  function countWith(next: Buffer | undefined): void {
    if (next && countedBy ? timingSafeEqual(next, countedBy) : next === countedBy) return
    countedBy = next
    crew.share(makeLimitMemory(next))
  }

  function applied(reload: Reload): Reload {
    if (!reload.taken) log.error({ problem: reload.problem }, 'the configuration is not taken; what was in force stays')
    else if (reload.changed) {
      log.info('the configuration has changed')
      membership.configure(reload.config)
      followAcme(reload.config)
      countWith(secretTogether(reload.config))
      crew.direct(directions())
      if (needsNewWorkers(reload.config, reload.before)) void crew.restart()
    }
    return reload
  }
}

function openTo({ length }: readonly string[]): string {
  return `, open to ${length} network${length === 1 ? '' : 's'}`
}
