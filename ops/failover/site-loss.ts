import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import * as ledger from '#ledger'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { noMemories, reach } from '../backup/index.ts'
import { readFollowing } from './following.ts'
import { type Answered, keepAnswer, type Promotion, toldPromotion } from './promotion.ts'
import { siteMemories } from './site-memories.ts'

const file = siteMemories.promoted
const actor = 'countroom cluster promote-site'

export function answeredOf(home: Home): Answered | undefined {
  return home.has(file) ? (JSON.parse(readFileSync(home.path(file), 'utf8')) as Answered) : undefined
}

/**
 * A site that was promoted may lack what the first acknowledged last. Unless the memories of the first's cores show that nothing is missing, money is
 * frozen, with the evidence in the books and in the audit log, before anything here can move it. Who accepted the loss in the command
 * has it lifted in the same breath, by name and reason; otherwise somebody does later (`countroom ledger lift`). Once for each promotion, by
 * whichever node of the site comes first; the others, and those that join later, find the answer.
 */
export async function answerForSite(home: Home): Promise<Answered> {
  const known = answeredOf(home)
  const sql = connect(home, 'owner')
  try {
    const found = (await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext('site.promoted'))`
      const { promotion, answered } = await toldPromotion(home, byNobody(home))
      if (known?.id === promotion.id) return known // another one answers for nothing but its own promotion
      return answered ?? (await answerIn(tx, promotion.id)) ?? (await answer(tx, promotion))
    })) as Answered
    await keepAnswer(home, found)
    home.write(file, `${JSON.stringify(found, null, 2)}\n`, 0o644)
    return found
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Somebody let this site lead past our command. */
function byNobody(home: Home): Promotion {
  const { lastCommit = null, heardAt = null } = readFollowing(home) ?? {}
  return { id: randomUUID(), at: new Date().toISOString(), by: 'nobody by this command', lastCommit, heardAt }
}

/** What another node of this site has answered. */
async function answerIn(tx: Tx, promotion: string): Promise<Answered | undefined> {
  const events = await audit.search(tx, { code: 'site.promoted', subject: promotion, limit: 1 })
  return events[0]?.detail?.answer as Answered | undefined
}

async function answer(tx: Tx, { id, by, reason, memories = noMemories, ...told }: Promotion): Promise<Answered> {
  const at = new Date()
  const replayed = await lastReplayed(tx)
  const lastCommit = replayed?.toISOString() ?? told.lastCommit
  const { heardAt } = told
  const { breaks } = await ledger.compareHeads(tx, memories.heads, [])
  const reached = reach(memories, lastCommit === null ? null : new Date(lastCommit))
  const record = (action: audit.Code, subject: string, detail: Record<string, unknown>) =>
    audit.record(tx, systemCommand(actor, at), { action, subject, detail })
  const evidence = JSON.parse(
    JSON.stringify({ promotion: { id, by, reason, ...told }, lastCommit, cores: memories.cores, breaks }, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  ) as object
  if (!(reached && breaks.length === 0) && (await ledger.freeze(tx, { at, by: actor, evidence }))) {
    const first = `the first site was last heard of ${heardAt ?? 'never'}`
    await record('ledger.frozen', 'ledger', { process: actor, breaks: breaks.length, timeline: 'promoted', first })
    if (reason !== undefined && (await ledger.lift(tx, { at, by, reason })))
      await record('ledger.lifted', 'ledger', { reason })
  }
  const frozen = await ledger.isFrozen(tx) // it may have been before
  const found = {
    ...{ id, at: at.toISOString(), by, lastCommit, heardAt },
    ...{ cores: memories.cores, reached, missing: breaks.length, frozen },
  }
  await record('site.promoted', id, { lastCommit, missing: breaks.length, frozen, by, answer: found })
  return found
}

/** Of the last transaction that came from the first site, asked of who leads since; null after a restart of the server. */
async function lastReplayed(tx: Tx): Promise<Date | null> {
  const [row] = await tx<Array<{ at: Date | null }>>`select pg_last_xact_replay_timestamp() as at`
  return row?.at ?? null
}

/** What the books lack, for people. */
export function wordsOfLoss({ lastCommit, cores, reached, missing, frozen }: Answered): string {
  const shown = cores.map(({ core, at, ended }) => `${core} (${ended ? 'ended in order' : 'until'} ${at})`).join(', ')
  const memories = cores.length > 0 ? [`Memories of the first site’s cores: ${shown}.`] : []
  if (reached && missing === 0)
    return [
      ...memories,
      cores.every(({ ended }) => ended)
        ? 'Nothing is missing: they ended in order, and everything that they had seen is here.'
        : 'Everything that they had seen is here. What was acknowledged in the quarter of a second after that is unknown.',
      ...(frozen ? [stands] : []),
    ].join('\n')
  return [
    ...memories,
    ...(cores.length > 0 && !reached ? ['They are older than what arrived here, and show nothing of the end.'] : []),
    `What the first site acknowledged after ${lastCommit ?? 'an unknown moment'} is lost.`,
    frozen ? stands : 'That was accepted, and money moves.',
  ].join('\n')
}

const stands = 'Money is frozen until somebody answers for it: npx countroom ledger lift --yes --reason "who decided"'
