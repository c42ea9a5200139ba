import { type EdgeConfig, type Face, faces } from '../config.ts'
import type { Certificates } from '../tls/files.ts'
import { openUpstream, type Upstream } from '../upstream/upstream.ts'
import { type BreakerRules, Breakers } from './breaker.ts'
import type { Candidate } from './choice.ts'
import { type Health, newHealth } from './health.ts'
import type { Member } from './members.ts'

/** What moves money goes by connections of its own: nobody who is slow, and nothing that takes long, stands in front of it. */
type Ways = Readonly<Record<'money' | 'other', Upstream>>

/** One core as a worker knows it. */
export type Core = Candidate & {
  readonly member: Member
  readonly ways: Readonly<Record<Face, Ways>>
  /** What is asked here waits behind nobody's request. */
  readonly probes: Upstream
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

const probeConnectionsMax = 1

export function openCore(
  member: Member,
  config: Pick<EdgeConfig, 'limits' | 'balance'>,
  certificates: Certificates,
  classes: number,
  awakeMs: number,
): Core {
  const { limits, balance } = config
  const way = (face: Face, connectionsMax = limits.coreConnectionsMax) =>
    openUpstream({
      core: member.identity,
      address: member[face],
      certificates,
      connectionsMax,
      connectSecondsMax: 2,
      stillSecondsMax: balance.stillSecondsMax,
      idleSecondsMax: balance.idleSecondsMax,
    })
  return {
    name: member.name,
    member,
    ways: Object.fromEntries(faces.map((face) => [face, { money: way(face), other: way(face) }])) as Record<Face, Ways>,
    probes: way('player', probeConnectionsMax),
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
  const ways = faces.flatMap((face) => Object.values(core.ways[face]))
  await Promise.all([...ways, core.probes].map((way) => way.close()))
}
