import * as audit from '#audit'
import * as ledger from '#ledger'
import * as pki from '#pki'
import * as program from '#program'
import type { Host } from '../host.ts'
import { type Curves, curvesOf, growth, latest, type Promised, promisesOf } from './curves.ts'
import { type Fact, factsOf } from './facts.ts'
import { type DatabaseNode, databaseNodes } from './nodes.ts'
import { readSamples, type Sampled } from './samples.ts'

type Process = { process: string; at: string; loopLagSeconds: number | null; memoryBytes: number | null }

/** How the casino's machinery stands, as a page shows it. */
export type ServiceLook = {
  at: string
  /** Since when samples are kept; null where there are none, because Redis is away or has just begun. */
  sampledSince: string | null
  redis: boolean
  processes: Process[]
  nodes: DatabaseNode[] | null
  facts: Fact[]
  promises: Promised[]
  curves: Curves
}

/** Less than how often a page asks, so that it sees each sample. */
const keptMs = 5000
const looks = new WeakMap<Host, { look: Promise<ServiceLook>; goodUntil: number }>()

/**
 * One look at everything: the database of this moment, the agents of a cluster, and the samples that every core and worker keeps of itself in
 * Redis for an hour. What does not answer is told as unknown and never as well. However many ask, there is one look at a time, and it serves for some seconds.
 */
export function lookAtService(host: Host): Promise<ServiceLook> {
  const kept = looks.get(host)
  if (kept && performance.now() < kept.goodUntil) return kept.look
  const fresh = { look: lookAnew(host), goodUntil: Number.POSITIVE_INFINITY }
  looks.set(host, fresh)
  const ended = () => {
    fresh.goodUntil = performance.now() + keptMs
  }
  fresh.look.then(ended, () => looks.delete(host))
  return fresh.look
}

async function lookAnew(host: Host): Promise<ServiceLook> {
  const now = host.now()
  const known = async <T>(question: Promise<T>) => question.catch(() => undefined)
  const [sampled, nodes, books, log, verdict, components, frozen] = await Promise.all([
    readSamples(host.cache),
    databaseNodes(host),
    known(ledger.lastProof(host.sql)),
    known(audit.lastVerdict(host.sql)),
    known(program.lastVerdict(host.sql, host.config.program.node)),
    known(pki.components(host.sql, now)),
    known(ledger.isFrozen(host.sql)),
  ])
  const all = sampled ?? []
  const slots = growth(all)
  const gauge = (key: string) => latest(all, key, now.getTime())
  const first = Math.min(...all.flatMap(({ samples }) => samples.slice(0, 1).map(({ at }) => at)))
  return {
    at: now.toISOString(),
    sampledSince: Number.isFinite(first) ? new Date(first).toISOString() : null,
    redis: sampled !== undefined,
    processes: all.flatMap(processOf),
    nodes: nodes ?? null,
    facts: factsOf({ now, gauge, nodes, books, log, verdict, components, frozen }),
    promises: promisesOf(slots),
    curves: curvesOf(slots),
  }
}

function processOf({ process, samples }: Sampled): Process[] {
  const last = samples.at(-1)
  if (!last) return []
  const { at, values } = last
  return [
    {
      process,
      at: new Date(at).toISOString(),
      loopLagSeconds: values.loopLag ?? null,
      memoryBytes: values.memory ?? null,
    },
  ]
}
