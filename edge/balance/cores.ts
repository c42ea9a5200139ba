import type { EdgeConfig } from '../config.ts'
import type { Certificates } from '../tls/files.ts'
import { HedgeBudget, RetryBudget } from './budget.ts'
import { choose, isBlocked, type Now, type Wish } from './choice.ts'
import { breakerRules, type Core, closeCore, openCore } from './core.ts'
import * as health from './health.ts'
import { slowness, UsualLatency } from './latency.ts'
import { isSame, type Member } from './members.ts'
import { type ProbeResult, probe } from './probe.ts'
import { Spool } from './spool.ts'
import { Wheel } from './wheel.ts'

/** What a try at a core came to, for its class of routes. `undefined`: it says nothing of that, such as one that was called off. */
export type Verdict = boolean | undefined

/** The cores as one worker knows them, and what it may ask of them. */
export type Cores = {
  readonly all: readonly Core[]
  readonly wheel: Wheel
  readonly retries: RetryBudget
  readonly hedges: HedgeBudget
  readonly usual: UsualLatency
  readonly spool: Spool
  pick(wish: Wish<Core>): Core | undefined
  /** There are cores, and none of them takes this class now. */
  isBlocked(routeClass: number): boolean
  /** Ready by its last probe and by what was heard since, and not taken out by the operator. */
  isServing(core: Core): boolean
  /** Serving, and heard of just now. */
  isSound(core: Core): boolean
  /** It is out, or nothing was heard of it for a while, and there is another that is sound. */
  isForsaken(core: Core): boolean
  begin(core: Core, routeClass: number): void
  /** `tookMs`: until the head of its answer, if there was one. */
  end(core: Core, routeClass: number, verdict: Verdict, tookMs?: number): void
  heard(core: Core): void
  /** A connection failed: the core is out until a probe that begins later says otherwise. */
  eject(core: Core): void
  anyHealthy(): boolean
  /** How many serve now. */
  serving(): number
  state(): CoreState[]
  /** Who is a member from now on; whoever is none any more finishes what is under way. */
  apply(members: readonly Member[]): void
  /** The names of those that the operator took out. */
  drain(names: ReadonlySet<string>): void
  configure(config: CoresConfig): void
  close(): Promise<void>
}

/** One core as it is told to who runs the edge. */
export type CoreState = {
  name: string
  address: string
  standing: health.Standing
  inFlight: number
  slowness: number
  /** Classes of routes that go elsewhere at the moment. */
  openBreakers: string[]
}

type CoresConfig = Pick<EdgeConfig, 'limits' | 'balance'>

const probePatienceMs = 2000

/**
 * Keeps connections to every core, asks each whether it can serve, and remembers how it does. `onChange` hears whether a core gets requests;
 * undefined when it is no member any more.
 */
export function openCores(
  config: CoresConfig,
  certificates: Certificates,
  routeClasses: readonly string[],
  onChange: (core: string, healthy: boolean | undefined) => void,
): Cores {
  let { limits, balance } = config
  const probeClass = routeClasses.length // beside the classes of routes
  let all: Core[] = []
  const leaving = new Set<Core>()
  const probing = new Set<Core>()
  const told = new Map<string, boolean>()
  let drained: ReadonlySet<string> = new Set()
  const wheel = new Wheel()
  const retries = new RetryBudget({ share: balance.retryShare, least: balance.retriesMin })
  const hedges = new HedgeBudget(balance.hedgeShare)
  const usual = new UsualLatency(probeClass + 1)
  const spool = new Spool(limits)
  const now: Now = {
    get ms() {
      return performance.now()
    },
    get awakeMs() {
      return wheel.awakeMs
    },
  }
  let timer = setInterval(look, balance.probeMilliseconds)

  return {
    get all() {
      return all
    },
    wheel,
    retries,
    hedges,
    usual,
    spool,
    pick: (wish) => choose(all, wish, rules(), now),
    isBlocked: (routeClass) => isBlocked(all, routeClass, performance.now()),
    isServing,
    isSound,
    isForsaken: (core) => !isSound(core) && all.some(isSound),
    begin(core, routeClass) {
      core.inFlight++
      core.breakers.began(routeClass)
    },
    end(core, routeClass, verdict, tookMs) {
      core.inFlight--
      core.breakers.ended(routeClass, verdict, performance.now())
      if (tookMs !== undefined) core.slowness = slowness(core.slowness, usual.note(routeClass, tookMs))
    },
    heard(core) {
      core.health.heardMs = wheel.awakeMs
    },
    eject(core) {
      const healths = all.map((each) => each.health)
      if (!health.isIn(core.health) || !health.mayEject(healths, balance.panicShare)) return
      health.eject(core.health, performance.now())
      tell(core)
    },
    anyHealthy: () => all.some(isServing),
    serving: () => all.filter(isServing).length,
    state: () =>
      all.map((core) => ({
        name: core.name,
        address: `${core.member.player.host}:${core.member.player.port}`,
        standing: health.standingOf(core.health, wheel.awakeMs, balance.silenceMilliseconds),
        inFlight: core.inFlight,
        slowness: Math.round(core.slowness * 100) / 100,
        openBreakers: routeClasses.filter((_, index) => core.breakers.isOpen(index)),
      })),
    apply,
    drain(names) {
      drained = names
      for (const core of all) {
        core.health.drained = names.has(core.name)
        tell(core)
      }
    },
    configure(next) {
      ;({ limits, balance } = next)
      for (const core of all) core.breakers.configure(breakerRules(balance))
      retries.configure({ share: balance.retryShare, least: balance.retriesMin })
      hedges.configure(balance.hedgeShare)
      spool.configure(limits)
      clearInterval(timer)
      timer = setInterval(look, balance.probeMilliseconds)
    },
    async close() {
      clearInterval(timer)
      wheel.close()
      await Promise.all([...all, ...leaving].map(closeCore))
    },
  }

  function rules() {
    return {
      silenceMs: balance.silenceMilliseconds,
      slowStartMs: balance.slowStartSeconds * 1000,
      loadFactor: balance.loadFactor,
    }
  }

  function isSound(core: Core): boolean {
    return health.standingOf(core.health, wheel.awakeMs, balance.silenceMilliseconds) === 'sound'
  }

  function apply(members: readonly Member[]): void {
    const stay = all.filter((core) => members.some((member) => isSame(member, core.member)))
    for (const core of all)
      if (!stay.includes(core)) {
        core.leaving = true
        leaving.add(core)
        told.delete(core.name)
        onChange(core.name, undefined)
      }
    const joined = members
      .filter((member) => !stay.some((core) => isSame(member, core.member)))
      .map((member) => openCore(member, { limits, balance }, certificates, probeClass + 1, wheel.awakeMs))
    all = [...stay, ...joined]
    for (const core of joined) {
      core.health.drained = drained.has(core.name)
      void ask(core)
    }
  }

  function look(): void {
    for (const core of all) void ask(core)
    for (const core of leaving)
      if (core.inFlight === 0) {
        leaving.delete(core)
        void closeCore(core)
      }
  }

  async function ask(core: Core): Promise<void> {
    if (probing.has(core)) return
    probing.add(core)
    const result = await probe(core, probePatienceMs, wheel)
    probing.delete(core)
    if (core.leaving) return
    note(core, result)
    tell(core)
  }

  function note(core: Core, { ready, begunMs, endedMs, clockMs }: ProbeResult): void {
    const others = all.some((other) => other !== core && isServing(other))
    health.probed(core.health, ready, begunMs, endedMs, others)
    if (!ready) return
    core.health.heardMs = wheel.awakeMs
    core.slowness = slowness(core.slowness, usual.note(probeClass, endedMs - begunMs))
    if (clockMs !== undefined) noteClock(core, clockMs, begunMs, endedMs)
  }

  function tell(core: Core): void {
    const healthy = isServing(core)
    if (told.get(core.name) === healthy) return
    told.set(core.name, healthy)
    onChange(core.name, healthy)
  }
}

function isServing({ health: its }: Core): boolean {
  return health.isIn(its) && !its.drained
}

/** The core told its clock somewhere between question and answer: the quicker, the surer. Doubt grows with time, as clocks drift apart. */
function noteClock(core: Core, clockMs: number, begunMs: number, endedMs: number): void {
  const doubtMs = (endedMs - begunMs) / 2
  core.clockDoubtMs += clockDriftMs
  if (doubtMs > core.clockDoubtMs) return
  core.clockDoubtMs = doubtMs
  core.clockAheadMs = clockMs - (begunMs + endedMs) / 2
}

const clockDriftMs = 0.1 // a probe; far more than a clock drifts, so that one that was set is noticed within seconds
