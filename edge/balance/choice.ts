import type { Breakers } from './breaker.ts'
import { type Health, type Standing, shareOf, standingOf, standings } from './health.ts'
import { weigh } from './rendezvous.ts'

/** What of a core its choice depends on. */
export type Candidate = {
  readonly name: string
  readonly health: Health
  readonly breakers: Breakers
  /** Requests under way. */
  readonly inFlight: number
  /** Beside the others: 1 as all. */
  readonly slowness: number
}

export type Wish<C> = {
  readonly routeClass: number
  /** Were asked already. */
  readonly tried: readonly C[]
  /** Who asks with the same goes to the same core, where a live game needs it. */
  readonly affinity?: string | undefined
}

export type ChoiceRules = { silenceMs: number; slowStartMs: number; loadFactor: number }

/** Instants by the two clocks of a worker. */
export type Now = { ms: number; awakeMs: number }

const worst: Standing = 'drained'

/**
 * The core that a request goes to: of those of the best standing the less loaded of two drawn by lot (Mitzenmacher, The power of two
 * choices in randomized load balancing, 1996), load being requests under way times slowness. Undefined where none is left.
 */
export function choose<C extends Candidate>(
  cores: readonly C[],
  wish: Wish<C>,
  rules: ChoiceRules,
  now: Now,
  random: () => number = Math.random,
): C | undefined {
  const best = eligible(cores, wish, rules, now)
  if (best.length < 2) return best[0]
  if (wish.affinity !== undefined) return byAffinity(best, wish.affinity, rules.loadFactor)
  const first = Math.floor(random() * best.length)
  const second = (first + 1 + Math.floor(random() * (best.length - 1))) % best.length
  const [one, other] = [best[first] as C, best[second] as C]
  const shares = [shareOf(one.health, now.ms, rules.slowStartMs), shareOf(other.health, now.ms, rules.slowStartMs)]
  // One that is new stands back as often as its share says; the load alone would give it all there is, since it has none.
  if (shares[0] !== shares[1]) {
    if ((shares[0] as number) < 1 && random() >= (shares[0] as number)) return other
    if ((shares[1] as number) < 1 && random() >= (shares[1] as number)) return one
  }
  return load(one) <= load(other) ? one : other
}

function eligible<C extends Candidate>(cores: readonly C[], wish: Wish<C>, rules: ChoiceRules, now: Now): C[] {
  let standing: Standing = worst
  let found: C[] = []
  for (const core of cores) {
    const its = standingOf(core.health, now.awakeMs, rules.silenceMs)
    if (its === worst || standings.indexOf(its) > standings.indexOf(standing)) continue
    if (wish.tried.includes(core) || !core.breakers.admits(wish.routeClass, now.ms)) continue
    if (its !== standing) {
      standing = its
      found = []
    }
    found.push(core)
  }
  return found
}

/** With bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2018): who is too far above the others passes what comes on to the next. */
function byAffinity<C extends Candidate>(cores: readonly C[], affinity: string, loadFactor: number): C {
  const mean = cores.reduce((sum, { inFlight }) => sum + inFlight, 0) / cores.length
  const heaviest = (among: readonly C[]) =>
    among.reduce((best, core) => (weigh(affinity, core.name) > weigh(affinity, best.name) ? core : best))
  const free = cores.filter(({ inFlight }) => inFlight <= (mean + 1) * loadFactor)
  return heaviest(free.length > 0 ? free : cores)
}

function load({ inFlight, slowness }: Candidate): number {
  return (inFlight + 1) * slowness
}

/** Is there a core that could be asked, and none of them takes this class now? Then waiting is in vain, and worse. */
export function isBlocked(cores: readonly Candidate[], routeClass: number, nowMs: number): boolean {
  const known = cores.filter(({ health }) => !health.drained)
  return known.length > 0 && known.every(({ breakers }) => !breakers.admits(routeClass, nowMs))
}
