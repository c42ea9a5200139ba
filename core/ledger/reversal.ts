import * as audit from '#audit'
import type { Command, Tx } from '#base'
import { notReversible } from './errors.ts'
import { release } from './hold.ts'
import { type Booked, book, type HouseAccount, type Leg, type Pocket } from './transfer.ts'
import { type Balance, balance, lockWallet, ownerOf } from './wallet.ts'

/**
 * Who bears what the player has spent of the money that is taken back: the player, by a recorded debt, or the house. A
 * higher room reads it from the licence.
 */
export type Shortfall = 'debt' | 'house'

export type Reversal = { wallet: bigint; key: string; kind: string; reference?: string; shortfall: Shortfall }

/** `tombstone`: the transfer had not come yet, and now never will. */
export type Reversed = { outcome: 'reversed' | 'tombstone'; booked?: Booked; replayed: boolean }

type Original = { legs: number; version: bigint; transfer: bigint }
type Row = { source: string; target: string; amount: bigint }

/**
 * Takes a transfer back by its key, whole, once. Money that is spent by now is taken back all the same (`shortfall`); a
 * transfer that has not arrived leaves a tombstone, so that it is refused when it comes. A hold is taken back while
 * nothing of it was captured or released.
 *
 * @throws Refusal `ledger.wallet_unknown`, `ledger.not_reversible`, `ledger.hold_exhausted`
 */
export async function reverse(tx: Tx, command: Command, order: Reversal): Promise<Reversed> {
  await lockWallet(tx, order.wallet)
  const before = await balance(tx, order.wallet)
  const [original] = await tx<Original[]>`
    select legs, version, transfer from ledger.transfers where wallet = ${order.wallet} and key = ${order.key}`
  if (!original) return bury(tx, command, order)
  if (original.legs === 0) return { outcome: 'tombstone', replayed: true }
  const rows = await tx<Row[]>`
    select source, target, amount from ledger.postings
    where wallet = ${order.wallet} and version > ${original.version - BigInt(original.legs)} and version <= ${original.version}
    order by version desc`
  if (rows.length !== original.legs) throw notReversible() // its month is archived
  const booked = await takeBack(tx, command, order, rows)
  if (!booked.replayed) await note(tx, command, order, before, booked)
  return { outcome: 'reversed', booked, replayed: booked.replayed }
}

/** A correction is a significant event [GLI-2.8.8f], and so is a debt that comes of it [GLI-2.8.8n-v]. */
async function note(
  tx: Tx,
  command: Command,
  { wallet, key }: Reversal,
  before: Balance,
  after: Booked,
): Promise<void> {
  const { player, currency } = await ownerOf(tx, wallet)
  const pocketsOf = ({ cash, bonus, held }: Balance | Booked) => ({ cash, bonus, held })
  await audit.record(tx, command, {
    action: 'ledger.reversed',
    subject: player,
    player,
    detail: { player, currency, key },
    ...audit.changed(pocketsOf(before), pocketsOf(after)),
  })
  if (after.cash < 0n && after.cash < before.cash)
    await audit.record(tx, command, {
      action: 'ledger.balance_negative',
      subject: player,
      player,
      detail: { player, amount: after.cash, currency },
    })
}

/** The key without a transfer: whoever comes with it later is refused. */
async function bury(tx: Tx, command: Command, { wallet, key }: Reversal): Promise<Reversed> {
  await tx`select ledger.bury(${wallet}, ${key}, ${command.now})`
  return { outcome: 'tombstone', replayed: false }
}

async function takeBack(tx: Tx, command: Command, order: Reversal, rows: readonly Row[]): Promise<Booked> {
  const reversal = {
    wallet: order.wallet,
    key: `reverse:${order.key}`,
    kind: order.kind,
    ...(order.reference ? { reference: order.reference } : {}),
  }
  const hold = /^hold:(.+)$/.exec(order.key)?.[1]
  if (hold !== undefined) return release(tx, command, { ...reversal, hold, amount: rows[0]!.amount })
  if (rows.some((row) => row.target === 'held' || (row.source === 'held' && row.target === 'cash')))
    throw notReversible()
  // What was captured from a hold goes back to where the hold came from.
  const legs = rows.map(({ source, target, amount }) => legOf(target, source === 'held' ? 'cash' : source, amount))
  const booked = { ...reversal, legs }
  if (order.shortfall === 'debt') return book(tx, command, booked, { overdraft: true })
  const missing = await missingFor(tx, order, legs)
  if (missing > 0n) booked.legs.unshift(legOf('player.shortfalls', 'cash', missing))
  return book(tx, command, booked, { overdraft: true }) // an older debt may stand; a new one cannot, by what was added
}

/**
 * What the house must add so that this reversal leaves no debt that was not there before; what the player owed already stays
 * owed. Nothing when the reversal was booked before.
 */
async function missingFor(tx: Tx, order: Reversal, legs: readonly Leg[]): Promise<bigint> {
  const [before] = await tx<Row[]>`
    select p.source, p.target, p.amount from ledger.transfers t
    join ledger.postings p on p.wallet = t.wallet and p.version = t.version - t.legs + 1
    where t.wallet = ${order.wallet} and t.key = ${`reverse:${order.key}`}`
  if (before) return before.source === 'player.shortfalls' ? before.amount : 0n
  let { cash } = await balance(tx, order.wallet)
  const floor = cash < 0n ? cash : 0n
  let lowest = floor
  for (const { from, to, amount } of legs) {
    if ('pocket' in to && to.pocket === 'cash') cash += amount
    if (!('pocket' in from) || from.pocket !== 'cash') continue
    cash -= amount
    if (cash < lowest) lowest = cash
  }
  return floor - lowest
}

function legOf(from: string, to: string, amount: bigint): Leg {
  return { from: accountOf(from), to: accountOf(to), amount }
}

const pockets: ReadonlySet<string> = new Set<Pocket>(['cash', 'bonus', 'held'])

function accountOf(name: string): Leg['from'] {
  return pockets.has(name) ? { pocket: name as Pocket } : { house: name as HouseAccount }
}
