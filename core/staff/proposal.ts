import { createHash } from 'node:crypto'
import * as audit from '#audit'
import { type Command, canonical, newId, type Reader, type Tx } from '#base'
import { actUnknown, notPermitted, payloadInvalid, proposalUnknown } from './errors.ts'
import { permissionsOf } from './grant.ts'
import { type Permission, type ProposalState, proposalSecondsMax, stateAt } from './policy.ts'
import type { Act, Acts } from './ports.ts'

export type Proposal = {
  proposal: string
  act: string
  /** Exactly what is shown, hashed and signed: canonical JSON of the act, its payload, why, who asks, and until when it is good. */
  statement: string
  /** SHA-256 of it. */
  digest: Buffer
  proposedBy: string
  proposedAt: Date
  expiresAt: Date
  state: ProposalState
  decidedBy: string | null
  decidedAt: Date | null
  /** Why it was rejected or withdrawn. */
  reason: string | null
  doneAt: Date | null
  /** In which emergency somebody approved what they had asked for themselves. */
  alone: string | null
}
export type Statement = { act: string; payload: unknown; reason: string }

/** By these the approver would be shown another text than they sign (Trojan Source, CVE-2021-42574). */
const turnsAround = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

/**
 * Asks for an act that takes two.
 *
 * @throws Refusal `staff.act_unknown`, `staff.not_permitted`, `staff.payload_invalid`
 */
export async function propose(
  tx: Tx,
  command: Command,
  acts: Acts,
  { act: name, payload, reason }: Statement,
): Promise<Proposal> {
  const act = actOf(acts, name)
  const proposedBy = command.actor.id
  await mayNow(tx, command, proposedBy, act.propose)
  const proposal = newId('prp', command.now.getTime())
  const expiresAt = new Date(command.now.getTime() + proposalSecondsMax * 1000)
  const statement = canonical({ act: name, expiresAt, payload: read(act, payload), proposal, proposedBy, reason })
  if (turnsAround.test(statement))
    throw payloadInvalid([{ path: [], message: 'It holds signs that turn writing around.' }])
  const digest = createHash('sha256').update(statement).digest()
  await tx`
    insert into staff.proposals (proposal, act, statement, digest, proposed_by, proposed_at, expires_at)
    values (${proposal}, ${name}, ${statement}, ${digest}, ${proposedBy}, ${command.now}, ${expiresAt})`
  const made = await proposalOf(tx, proposal, command.now)
  await note(tx, command, acts, { action: 'staff.proposed', proposal: made, reason })
  return made
}

/** @throws Refusal `staff.proposal_unknown` */
export async function proposalOf(reader: Reader, proposal: string, now: Date): Promise<Proposal> {
  const [found] = await select(reader, now, reader`where proposal = ${proposal}`)
  if (!found) throw proposalUnknown()
  return found
}

/** Newest first; `before` is the last one seen. */
export async function proposals(
  reader: Reader,
  { now, limit, before }: { now: Date; limit: number; before?: string | undefined },
): Promise<Proposal[]> {
  const page = before === undefined ? reader`` : reader`where proposal < ${before}`
  return await select(reader, now, reader`${page} order by proposal desc limit ${limit}`)
}

/** What waits for somebody, oldest first. */
export async function openProposals(reader: Reader, now: Date): Promise<Proposal[]> {
  return await select(
    reader,
    now,
    reader`where state in ('open', 'approved') and expires_at > ${now} order by proposal limit 500`,
  )
}

/** The proposal, until the end of the transaction nobody else's. @throws Refusal `staff.proposal_unknown` */
export async function locked(tx: Tx, { now }: Command, proposal: string): Promise<Proposal> {
  await tx`select from staff.proposals where proposal = ${proposal} for update`
  return await proposalOf(tx, proposal, now)
}

/** @throws Refusal `staff.act_unknown` */
export function actOf(acts: Acts, name: string): Act {
  const act = Object.hasOwn(acts, name) ? acts[name] : undefined
  if (!act) throw actUnknown()
  return act
}

/** @throws Refusal `staff.payload_invalid` */
export function read<P>(act: Act<P>, given: unknown): P {
  const parsed = act.payload.safeParse(given)
  if (!parsed.success) throw payloadInvalid(parsed.error.issues)
  return parsed.data
}

/** As it is in the database now, whatever the session was told. @throws Refusal `staff.not_permitted` */
export async function mayNow(tx: Tx, { now }: Command, staff: string, permission: Permission | null): Promise<void> {
  if (permission !== null && !(await permissionsOf(tx, staff, now)).includes(permission)) throw notPermitted(permission)
}

/** Every step of a proposal is told with its digest, so that the log says what exactly was asked for and done. */
export async function note(
  tx: Tx,
  command: Command,
  acts: Acts,
  told: { action: audit.Code; proposal: Proposal; reason?: string; factor?: string; alone?: string },
): Promise<void> {
  const { proposal, act, statement, digest } = told.proposal
  const { payload } = JSON.parse(statement) as Statement
  const player = acts[act]?.player?.(payload)
  await audit.record(tx, command, {
    action: told.action,
    subject: proposal,
    ...(player ? { player } : {}),
    ...(told.reason ? { reason: told.reason } : {}),
    detail: {
      act,
      digest: digest.toString('hex'),
      ...(told.action === 'staff.proposed' ? { statement: JSON.parse(statement) as Record<string, unknown> } : {}),
      ...(told.factor ? { factor: told.factor } : {}),
      ...(told.alone ? { alone: told.alone } : {}),
    },
  })
}

async function select(reader: Reader, now: Date, which: ReturnType<Reader>): Promise<Proposal[]> {
  const rows = await reader<Proposal[]>`
    select proposal, act, statement, digest, proposed_by as "proposedBy", proposed_at as "proposedAt", expires_at as "expiresAt",
      state, decided_by as "decidedBy", decided_at as "decidedAt", reason, done_at as "doneAt", alone
    from staff.proposals ${which}`
  return rows.map((row) => ({ ...row, state: stateAt(row, now) }))
}
