/** What a worker knows of the health of one core. All instants are of the worker's own clocks; nothing here reads one. */
export type Health = {
  /** What the last probe said: can it move money, that is reach database and keys? Undefined before the first. */
  ready: boolean | undefined
  /** A failure took it out at this instant. Only a probe that began later lets it in again. */
  ejectedMs: number | undefined
  /** Its share of the requests grows from this instant on; -Infinity when it has its whole share. */
  admittedMs: number
  /** The last sign of life. */
  heardMs: number
  /** Taken out by the operator. */
  drained: boolean
}

/** From the best to the worst: a request goes to the best there is. */
export const standings = ['sound', 'silent', 'out', 'drained'] as const
export type Standing = (typeof standings)[number]

export function newHealth(nowMs: number): Health {
  return { ready: undefined, ejectedMs: undefined, admittedMs: -Infinity, heardMs: nowMs, drained: false }
}

/** `silent`: it is sound by all that is known, but nothing at all was heard of it for a while, not even the answer to a probe. */
export function standingOf(health: Health, nowMs: number, silenceMs: number): Standing {
  if (health.drained) return 'drained'
  if (!isIn(health)) return 'out'
  return nowMs - health.heardMs > silenceMs ? 'silent' : 'sound'
}

export function isIn(health: Health): boolean {
  return health.ready === true && health.ejectedMs === undefined
}

/** A probe came back. `others`: is any other core in? One that comes in alone has everything at once. */
export function probed(health: Health, ready: boolean, begunMs: number, nowMs: number, others: boolean): void {
  const wasIn = isIn(health)
  const first = health.ready === undefined
  health.ready = ready
  if (ready && health.ejectedMs !== undefined && begunMs > health.ejectedMs) health.ejectedMs = undefined
  if (!wasIn && isIn(health)) health.admittedMs = others && !first ? nowMs : -Infinity
}

export function eject(health: Health, nowMs: number): void {
  health.ejectedMs = nowMs
}

/** The share of its due that a core gets: grows while it is new, since its caches and its code are cold. */
export function shareOf(health: Health, nowMs: number, slowStartMs: number): number {
  const age = nowMs - health.admittedMs
  return age >= slowStartMs ? 1 : Math.max(leastShare, age / slowStartMs)
}

const leastShare = 0.1

/**
 * May a failure take one more core out? Not where fewer than `panicShare` of the cores would be left in: many failing at once is more
 * likely something that all of them share, or this edge itself, and the last ones would only get everybody's load.
 */
export function mayEject(healths: readonly Health[], panicShare: number): boolean {
  const known = healths.filter((health) => !health.drained)
  const left = known.filter(isIn).length - 1
  return left >= known.length * panicShare
}
