import type { Money } from '#base'

/** What the room asks of a payment gateway. Calls happen outside transactions; every one bears being asked twice. */
export type Gateway = {
  /** Opens a hosted payment page; the deposit's id is the key. Throws when it is not known to be open. */
  openPayment(order: {
    deposit: string
    player: string
    amount: Money
    returnUrl: string
  }): Promise<{ payment: string; redirectUrl: string }>
  /** Pays out to a saved instrument; the withdrawal's id is the key. */
  sendPayout(order: { withdrawal: string; amount: Money; token: string }): Promise<PayoutAnswer>
  /** What became of a payout. */
  askPayout(withdrawal: string): Promise<PayoutAnswer | { fate: 'absent' }>
}

/**
 * `not_sent`: the request certainly never reached the gateway. `unknown`: it may have. The difference is whether the
 * money could be on its way.
 */
export type PayoutAnswer =
  | { fate: 'accepted' | 'paid'; payout: string }
  | { fate: 'refused'; reason: string; payout?: string }
  | { fate: 'not_sent' | 'unknown'; reason: string }

/** A gateway's event in our words; the adapter translates. */
export type GatewayEvent = {
  id: string
  type: 'payment.succeeded' | 'payment.failed' | 'payout.paid' | 'payout.failed' | 'other'
  /** The id of our deposit or withdrawal. */
  reference: string
  /** The gateway's own id of the payment or payout. */
  object: string
  amount?: Money
  authorisation?: string
  reason?: string
  instrument?: { token: string; brand: string; last4: string; expiry: string; holder: string }
}
