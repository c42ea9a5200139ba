import { createHash } from 'node:crypto'
import * as audit from '#audit'
import { enqueue, isId, type Reader, type Tx } from '#base'
import { type KeyedCommand, open, seal } from '#keys'
import * as ledger from '#ledger'
import { credit, depositOf, failDeposit } from './deposit.ts'
import { saveInstrument } from './instrument.ts'
import { judgePayment, judgePayout, type Verdict } from './policy.ts'
import type { GatewayEvent } from './ports.ts'
import { failed, paid, withdrawalOf } from './withdrawal.ts'

export type Outcome = 'applied' | 'ignored' | 'mismatch' | 'contradiction' | 'unknown_reference' | 'unknown_type'

type Row = { player: string | null; body: Buffer | null; receivedAt: Date; processedAt: Date | null }

/**
 * Keeps an authentic event under the gateway's own id and orders its processing; the caller acknowledges after the
 * commit. An event that is here already changes nothing. The raw bytes are sealed, because partners add what they like.
 */
export async function receive(
  tx: Tx,
  command: KeyedCommand,
  input: { gateway: string; id: string; type: string; reference: string; raw: Buffer },
): Promise<{ isNew: boolean }> {
  const { gateway, id, type, reference, raw } = input
  const player = await playerMeant(tx, reference, gateway)
  const digest = createHash('sha256').update(raw).digest()
  const body = player && (await seal(tx, command, { ...placeOf(player, gateway, id), plaintext: raw }))
  const stored = await tx`
    insert into cashier.gateway_events (gateway, id, type, reference, player, digest, body, received_at, processed_at, outcome)
    values (${gateway}, ${id}, ${type}, ${reference}, ${player ?? null}, ${digest}, ${body ?? null}, ${command.now},
      ${player ? null : command.now}, ${player ? null : 'unknown_reference'})
    on conflict do nothing`
  if (stored.count === 0) return { isNew: false }
  if (player) await enqueue(tx, { queue: 'gateway-events', data: { gateway, event: id } })
  return { isNew: true }
}

/**
 * Does what a stored event says, once. `read` is the adapter's translation of the raw bytes. Answers whose money it
 * was about, so that their pages can be told, and since when it waited; undefined when it was done before.
 */
export async function confirm(
  tx: Tx,
  command: KeyedCommand,
  input: { gateway: string; event: string; read(raw: Buffer): GatewayEvent },
): Promise<{ player: string; outcome: Outcome; receivedAt: Date } | undefined> {
  const { gateway, event: id } = input
  const [row] = await tx<Row[]>`
    select player, body, received_at as "receivedAt", processed_at as "processedAt" from cashier.gateway_events
    where gateway = ${gateway} and id = ${id} for update`
  if (!row?.player || !row.body || row.processedAt) return undefined
  const raw = await open(tx, command.keys, { ...placeOf(row.player, gateway, id), envelope: row.body })
  const event = input.read(raw)
  const outcome = await apply(tx, command, gateway, event)
  await tx`
    update cashier.gateway_events set processed_at = ${command.now}, outcome = ${outcome}
    where gateway = ${gateway} and id = ${id}`
  if (outcome === 'mismatch' || outcome === 'contradiction')
    await audit.record(tx, command, {
      action: `cashier.event_${outcome}`,
      subject: event.reference,
      player: row.player,
      detail: { gateway, event: id, type: event.type },
    })
  return { player: row.player, outcome, receivedAt: row.receivedAt }
}

/** Applies what a gateway says; an event and the answer to a question of ours come to the same. */
export async function apply(tx: Tx, command: KeyedCommand, gateway: string, event: GatewayEvent): Promise<Outcome> {
  if (event.type === 'other') return 'unknown_type'
  const aboutPayment = event.type.startsWith('payment.')
  if (!isId(aboutPayment ? 'dep' : 'wdr', event.reference)) return 'unknown_reference'
  return aboutPayment ? applyPayment(tx, command, gateway, event) : applyPayout(tx, command, event)
}

/** Events that were stored and not processed, although there was time; their job may have been lost. */
export async function leftOver(reader: Reader, now: Date): Promise<Array<{ gateway: string; id: string }>> {
  return await reader<Array<{ gateway: string; id: string }>>`
    select gateway, id from cashier.gateway_events
    where processed_at is null and received_at < ${new Date(now.getTime() - 60_000)} order by received_at limit 100`
}

async function applyPayment(tx: Tx, command: KeyedCommand, gateway: string, event: GatewayEvent): Promise<Outcome> {
  const { wallet } = await depositOf(tx, event.reference)
  await ledger.lockWallet(tx, wallet)
  const deposit = await depositOf(tx, event.reference)
  // Another payment than the one we opened is a mismatch, whatever it is worth.
  const isForeign = deposit.payment !== null && deposit.payment !== event.object
  const verdict: Verdict = isForeign ? 'mismatch' : judgePayment(deposit, event)
  if (verdict === 'fail') await failDeposit(tx, command, deposit, event.reason ?? 'declined')
  else if (verdict === 'credit') {
    const { player } = deposit
    const instrument = event.instrument
      ? await saveInstrument(tx, command, { player, gateway, ...event.instrument })
      : null
    await credit(tx, command, {
      deposit,
      payment: event.object,
      authorisation: event.authorisation ?? '',
      instrument,
    })
  } else return verdict as Outcome
  return 'applied'
}

async function applyPayout(tx: Tx, command: KeyedCommand, event: GatewayEvent): Promise<Outcome> {
  const { wallet } = await withdrawalOf(tx, event.reference)
  await ledger.lockWallet(tx, wallet)
  const withdrawal = await withdrawalOf(tx, event.reference)
  const isForeign = withdrawal.payout !== null && withdrawal.payout !== event.object
  const verdict: Verdict = isForeign ? 'mismatch' : judgePayout(withdrawal, event)
  if (verdict === 'capture') await paid(tx, command, withdrawal, event.object)
  else if (verdict === 'release') await failed(tx, command, withdrawal, event.reason ?? 'failed', event.object)
  else return verdict as Outcome
  return 'applied'
}

async function playerMeant(reader: Reader, reference: string, gateway: string): Promise<string | undefined> {
  if (!isId('dep', reference) && !isId('wdr', reference)) return undefined
  const [row] = await reader<Array<{ player: string }>>`
    select player from cashier.deposits where id = ${reference} and gateway = ${gateway}
    union all select player from cashier.withdrawals where id = ${reference} and gateway = ${gateway}`
  return row?.player
}

function placeOf(player: string, gateway: string, id: string) {
  return {
    player,
    purpose: 'payment' as const,
    table: 'cashier.gateway_events',
    column: 'body',
    row: `${gateway}/${id}`,
  }
}
