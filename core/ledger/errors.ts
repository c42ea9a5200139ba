import { Refusal } from '#base'

/** What `ledger.post` says of one item when it does not book it. */
type PostCode =
  | 'posted'
  | 'replayed'
  | 'key_reused'
  | 'reversed_before'
  | 'wallet_unknown'
  | 'insufficient_funds'
  | 'amount_invalid'

const refusals: Record<Exclude<PostCode, 'posted' | 'replayed'>, () => Refusal> = {
  key_reused: () => new Refusal('conflict', 'base.key_reused', 'This idempotency key was used for another request.'),
  reversed_before: () =>
    new Refusal('conflict', 'ledger.reversed_before', 'This transfer was taken back before it came.'),
  wallet_unknown: () => new Refusal('absent', 'ledger.wallet_unknown', 'There is no such wallet.'),
  insufficient_funds: () => new Refusal('refused', 'ledger.insufficient_funds', 'There is not enough money for this.'),
  amount_invalid: () => new Refusal('invalid', 'ledger.amount_invalid', 'The amount is not one the books can hold.'),
}

/** The refusal for a code of the batch path; undefined when the item was booked, now or before. */
export function refusalOf(code: string): Refusal | undefined {
  return code in refusals ? refusals[code as keyof typeof refusals]() : undefined
}

export function holdUnknown(): Refusal {
  return new Refusal('absent', 'ledger.hold_unknown', 'There is no such hold.')
}

export function holdExhausted(): Refusal {
  return new Refusal('conflict', 'ledger.hold_exhausted', 'The hold does not have that much left.')
}

export function notReversible(): Refusal {
  return new Refusal(
    'refused',
    'ledger.not_reversible',
    'This transfer cannot be taken back; release or capture its hold.',
  )
}

export function approvalMissing(): Refusal {
  return new Refusal('forbidden', 'ledger.approval_missing', 'An adjustment needs the id of its approval.')
}

/** What was asked about is in months that are detached; the detail says from which instant on the books tell. */
export function archivedBefore(at: Date): Refusal {
  return new Refusal('refused', 'ledger.archived', 'The books of that time are archived and kept elsewhere.', {
    from: at.toISOString(),
  })
}

export function archivedMeanwhile(): Refusal {
  return new Refusal('conflict', 'ledger.archived_meanwhile', 'A month was archived meanwhile. Please ask again.')
}

/** Books that lack what was seen in them are not written on. */
export function moneyFrozen(): Refusal {
  return new Refusal('conflict', 'ledger.frozen', 'No money can be moved at the moment. Nothing of yours is lost.')
}
