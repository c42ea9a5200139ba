import { type Command, canonical, type Reader, type Refusal, type Tx } from '#base'
import * as factors from '#factors'
import type { KeyedCommand } from '#keys'
import { emergencyOf } from './emergency.ts'
import { approvalAbsent, notYourOwn, proposalChanged, proposalStands, proposalUnknown, proposerGone } from './errors.ts'
import { permissionsOf } from './grant.ts'
import { next, type ProposalVerb } from './policy.ts'
import type { Act, Acts } from './ports.ts'
import { actOf, locked, mayNow, note, type Proposal, proposalOf, read, type Statement } from './proposal.ts'
import { takeTurn } from './role.ts'

type Decision = { proposal: string; reason: string }

/**
 * What the approver's browser needs for their passkey to sign exactly this proposal: the challenge ends in its digest [S15].
 *
 * @throws Refusal as `approve`
 */
export async function approvalChallenge(
  tx: Tx,
  command: KeyedCommand,
  acts: Acts,
  { proposal: id, rp }: { proposal: string; rp: factors.RelyingParty },
) {
  const { proposal } = await decidable(tx, command, acts, id)
  return factors.passkeyChallenge(tx, command, { rp, ...signing(command.actor.id, proposal) })
}

/**
 * Somebody else says yes to exactly what they were shown, signs it, and it is done in the same transaction; what cannot be done
 * is not approved either. A passkey that is refused is answered as a value, because it was counted.
 *
 * @throws Refusal `staff.proposal_unknown`, `staff.proposal_stands`, `staff.proposal_changed`, `staff.not_your_own`,
 * `staff.not_permitted`, `staff.proposer_gone`, and whatever the act refuses
 */
export async function approve(
  tx: Tx,
  command: KeyedCommand,
  acts: Acts,
  input: { proposal: string; digest: Buffer; rp: factors.RelyingParty; passkey: unknown },
): Promise<Proposal | { refusal: Refusal }> {
  await takeTurn(tx) // nobody loses or gains a role meanwhile
  const { proposal, act, payload, reason, alone } = await decidable(tx, command, acts, input.proposal)
  if (!proposal.digest.equals(input.digest)) throw proposalChanged()
  const staff = command.actor.id
  const asked = { rp: input.rp, ...signing(staff, proposal), response: input.passkey }
  const used = await factors.usePasskey(tx, command, asked)
  if ('refusal' in used) return used

  const { proposal: id, proposedBy } = proposal
  const signature = { factor: used.factor, response: input.passkey }
  await tx`
    update staff.proposals set state = ${act.execute ? 'done' : 'approved'}, decided_by = ${staff},
      decided_at = ${command.now}, done_at = ${act.execute ? command.now : null}, signature = ${tx.json(signature as never)},
      alone = ${alone ?? null}
    where proposal = ${id}`
  await note(tx, command, acts, {
    action: 'staff.proposal_approved',
    proposal,
    factor: used.factor,
    ...(alone ? { alone } : {}),
  })
  await act.execute?.(tx, command, { proposal: id, proposedBy, payload, reason })
  return await proposalOf(tx, id, command.now)
}

/** The proposal, if whoever acts may approve it now, in an emergency also alone, and whoever asked may still ask. */
async function decidable(tx: Tx, command: Command, acts: Acts, id: string) {
  const proposal = await locked(tx, command, id)
  const act = actOf(acts, proposal.act)
  const { reason, ...statement } = JSON.parse(proposal.statement) as Statement
  const payload = read(act, statement.payload)
  step(proposal, act.execute ? 'do' : 'approve')
  const staff = command.actor.id
  await mayNow(tx, command, staff, act.approve)
  const isOwn = staff === proposal.proposedBy || staff === act.concerns?.(payload)
  const alone = isOwn ? await emergencyOf(tx, staff, command.now) : undefined
  if (isOwn && alone === undefined) throw notYourOwn()
  await stillAsking(tx, command, proposal, act)
  return { proposal, act, payload, reason, ...(alone ? { alone } : {}) }
}

function signing(holder: string, { digest }: Proposal) {
  return { purpose: 'staff.approve', holder, binding: digest }
}

/** Somebody who may approve says no. @throws Refusal as `approve` does */
export async function reject(
  tx: Tx,
  command: Command,
  acts: Acts,
  { proposal: id, reason }: Decision,
): Promise<Proposal> {
  const proposal = await locked(tx, command, id)
  step(proposal, 'reject')
  await mayNow(tx, command, command.actor.id, actOf(acts, proposal.act).approve)
  if (command.actor.id === proposal.proposedBy) throw notYourOwn()
  await tx`
    update staff.proposals set state = 'rejected', decided_by = ${command.actor.id}, decided_at = ${command.now}, reason = ${reason}
    where proposal = ${id}`
  await note(tx, command, acts, { action: 'staff.proposal_rejected', proposal, reason })
  return await proposalOf(tx, id, command.now)
}

/** Who asked does not want it any more; also after it was approved, as long as it is not done. */
export async function withdraw(
  tx: Tx,
  command: Command,
  acts: Acts,
  { proposal: id, reason }: Decision,
): Promise<Proposal> {
  const proposal = await locked(tx, command, id)
  if (command.actor.id !== proposal.proposedBy) throw proposalUnknown()
  step(proposal, 'withdraw')
  await tx`update staff.proposals set state = 'withdrawn', reason = ${reason} where proposal = ${id}`
  await note(tx, command, acts, { action: 'staff.proposal_withdrawn', proposal, reason })
  return await proposalOf(tx, id, command.now)
}

/** What an approval has to be about: the act, and parts of its payload. */
export type Wanted = {
  proposal: string | undefined
  act: string
  about: Readonly<Record<string, unknown>>
  proposedBy?: string
}

/**
 * Uses an approval up for what it was given for, in the transaction that does it. Answers the two who said yes.
 *
 * @throws Refusal `staff.proposal_unknown`, `staff.approval_absent` when it is not good for exactly this
 */
export async function useApproval(
  tx: Tx,
  command: Command,
  acts: Acts,
  wanted: Wanted,
): Promise<{ proposedBy: string; decidedBy: string }> {
  if (wanted.proposal === undefined) throw approvalAbsent()
  const proposal = await locked(tx, command, wanted.proposal)
  if (!isFor(proposal, wanted) || next(proposal.state, 'use') === undefined) throw approvalAbsent()
  await tx`update staff.proposals set state = 'done', done_at = ${command.now} where proposal = ${proposal.proposal}`
  await note(tx, command, acts, { action: 'staff.approval_used', proposal })
  return { proposedBy: proposal.proposedBy, decidedBy: proposal.decidedBy! }
}

/**
 * What a room asks before it does what takes two, so that no other caller of its verb gets around it.
 *
 * @throws Refusal `staff.approval_absent` unless another approved exactly this
 */
export async function requireApproval(reader: Reader, { now }: Command, wanted: Wanted): Promise<void> {
  if (wanted.proposal === undefined) throw approvalAbsent()
  const proposal = await proposalOf(reader, wanted.proposal, now)
  if (!isFor(proposal, wanted) || proposal.state !== 'done') throw approvalAbsent()
}

function isFor({ act, statement, proposedBy }: Proposal, wanted: Wanted): boolean {
  const { payload } = JSON.parse(statement) as { payload: Record<string, unknown> }
  const isSame = Object.entries(wanted.about).every(([name, value]) => canonical(payload[name]) === canonical(value))
  return isSame && act === wanted.act && proposedBy === (wanted.proposedBy ?? proposedBy)
}

/** @throws Refusal `staff.proposal_stands` when the verb does not lead from here */
function step(proposal: Proposal, verb: ProposalVerb): void {
  if (next(proposal.state, verb) === undefined) throw proposalStands(proposal.state)
}

/** Whoever was dismissed, or may not ask any more, is not obeyed. @throws Refusal `staff.proposer_gone` */
async function stillAsking(tx: Tx, { now }: Command, { proposedBy }: Proposal, { propose }: Act): Promise<void> {
  const held = await permissionsOf(tx, proposedBy, now)
  if (propose === null ? held.length === 0 : !held.includes(propose)) throw proposerGone()
}
