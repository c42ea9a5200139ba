import { readFileSync, rmSync } from 'node:fs'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { headsIn } from '../backup/index.ts'
import { readFollowing } from './following.ts'

/** What whoever promotes a second site decides, before it is: who, the folder of the cores' memories, and why what is missing may be missing. */
export type Decision = { at: string; by: string; memories?: string | undefined; reason?: string | undefined }

/** What became of the books: see `answerForSite`. */
export type Answered = {
  at: string
  by: string
  /** By the first site's clock; what it acknowledged later is lost. */
  lastCommit: string | null
  heardAt: string | null
  known: number
  missing: number
  frozen: boolean
}

const decided = 'promotion.json'
const answered = 'promoted.json'
const actor = 'countroom cluster promote-site'

export function decide(home: Home, decision: Decision | undefined): void {
  if (decision) home.write(decided, `${JSON.stringify(decision)}\n`)
  else rmSync(home.path(decided), { force: true })
}

export function answeredOf(home: Home): Answered | undefined {
  return home.has(answered) ? (JSON.parse(readFileSync(home.path(answered), 'utf8')) as Answered) : undefined
}

/**
 * A site that was promoted may lack what the first acknowledged last. Unless the memories of the first's cores show that nothing is missing, money is
 * frozen, with the evidence in the books and in the audit log, before anything here can move it. Who accepted the loss in the command
 * has it lifted in the same breath, by name and reason; otherwise somebody does later (`countroom ledger lift`). Once for each promotion.
 */
export async function answerForSite(home: Home): Promise<Answered> {
  const known = answeredOf(home)
  if (known) return known
  const decision: Decision = home.has(decided)
    ? (JSON.parse(readFileSync(home.path(decided), 'utf8')) as Decision)
    : { at: new Date().toISOString(), by: 'nobody by this command' }
  const following = readFollowing(home)
  const lastCommit = (await lastReplayed(home))?.toISOString() ?? following?.lastCommit ?? null
  const heardAt = following?.heardAt ?? null
  const heads = decision.memories === undefined ? [] : headsIn(decision.memories)
  const at = new Date()
  const sql = connect(home, 'owner')
  try {
    const found = (await sql.begin(async (tx) => {
      const { breaks } = await ledger.compareHeads(tx, heads, [])
      const sound = heads.length > 0 && breaks.length === 0
      const command = systemCommand(actor, at)
      const record = (action: audit.Code, subject: string, detail: Record<string, unknown>) =>
        audit.record(tx, command, { action, subject, detail })
      const evidence = JSON.parse(
        JSON.stringify({ decision, lastCommit, heardAt, breaks }, (_, value) =>
          typeof value === 'bigint' ? String(value) : value,
        ),
      ) as object
      let frozen = !sound
      if (!sound && (await ledger.freeze(tx, { at, by: actor, evidence }))) {
        const first = `the first site was last heard of ${heardAt ?? 'never'}`
        await record('ledger.frozen', 'ledger', { process: actor, breaks: breaks.length, timeline: 'promoted', first })
        if (
          decision.reason !== undefined &&
          (await ledger.lift(tx, { at, by: decision.by, reason: decision.reason }))
        ) {
          await record('ledger.lifted', 'ledger', { reason: decision.reason })
          frozen = false
        }
      }
      await record('site.promoted', 'data', { lastCommit, missing: breaks.length, frozen, by: decision.by })
      return {
        at: at.toISOString(),
        by: decision.by,
        lastCommit,
        heardAt,
        known: heads.length,
        missing: breaks.length,
        frozen,
      }
    })) as Answered
    home.write(answered, `${JSON.stringify(found, null, 2)}\n`, 0o644)
    return found
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Of the last transaction that came from the first site; null after a restart of the server. */
async function lastReplayed(home: Home): Promise<Date | null> {
  const admin = connect(home, 'admin', 'postgres')
  try {
    const [row] = await admin<Array<{ at: Date | null }>>`select pg_last_xact_replay_timestamp() as at`
    return row?.at ?? null
  } finally {
    await admin.end({ timeout: 5 })
  }
}

/** What the books lack, for people. */
export function wordsOfLoss({ lastCommit, known, missing, frozen }: Answered): string {
  if (!frozen && known > 0 && missing === 0)
    return 'Nothing is missing: everything that the first site’s cores had seen is here.'
  const lost = `What the first site acknowledged after ${lastCommit ?? 'an unknown moment'} is lost.`
  return frozen
    ? `${lost}\nMoney is frozen until somebody answers for it: npx countroom ledger lift --yes --reason "who decided"`
    : `${lost}\nThat was accepted, and money moves.`
}
