import { type EdgeConfig, type Face, faces } from '../config.ts'
import type { Certificates } from '../tls/files.ts'
import { openUpstream, type Upstream } from '../upstream/upstream.ts'
import { type BreakerRules, Breakers } from './breaker.ts'
import type { Candidate } from './choice.ts'
import { type Health, newHealth } from './health.ts'
import type { Member } from './members.ts'

/** One core as a worker knows it. */
export type Core = Candidate & {
  readonly member: Member
  readonly ways: Readonly<Record<Face, Upstream>>
  readonly health: Health
  readonly breakers: Breakers
  inFlight: number
  slowness: number
  /** What to add to this worker's clock to have the core's, in milliseconds; unknown until the core has told its own. */
  clockAheadMs: number | undefined
  /** Of the best probe so far: how far that may be off. */
  clockDoubtMs: number
  /** No longer a member: finishes what is under way and gets nothing more. */
  leaving: boolean
}

export function openCore(
  member: Member,
  config: Pick<EdgeConfig, 'limits' | 'balance'>,
  certificates: Certificates,
  classes: number,
  awakeMs: number,
): Core {
  const { limits, balance } = config
  const way = (face: Face) =>
    openUpstream({
      core: member.identity,
      address: member[face],
      certificates,
      connectionsMax: limits.coreConnectionsMax,
      connectSecondsMax: 2,
      stillSecondsMax: balance.stillSecondsMax,
      idleSecondsMax: balance.idleSecondsMax,
    })
  return {
    name: member.name,
    member,
    ways: Object.fromEntries(faces.map((face) => [face, way(face)])) as Record<Face, Upstream>,
    health: newHealth(awakeMs),
    breakers: new Breakers(classes, breakerRules(balance)),
    inFlight: 0,
    slowness: 1,
    clockAheadMs: undefined,
    clockDoubtMs: Infinity,
    leaving: false,
  }
}

export function breakerRules(balance: EdgeConfig['balance']): BreakerRules {
  return {
    failuresMax: balance.breakerFailuresMax,
    windowMs: balance.breakerWindowSeconds * 1000,
    openMs: balance.breakerOpenSeconds * 1000,
    openMsMax: balance.breakerOpenSecondsMax * 1000,
    inFlightMax: balance.inFlightMax,
  }
}

export async function closeCore(core: Core): Promise<void> {
  await Promise.all(faces.map((face) => core.ways[face].close()))
}
