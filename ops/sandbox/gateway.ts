import { randomBytes } from 'node:crypto'
import { createSigner, createTeller, type Log, type Partner } from './signed.ts'

export type Amount = { value: string; currency: string }
export type Payment = {
  id: string
  reference: string
  customer: string
  amount: Amount
  returnUrl: string
  state: 'open' | 'succeeded' | 'failed'
}
export type Payout = {
  id: string
  reference: string
  amount: Amount
  token: string
  status: 'processing' | 'paid' | 'failed'
}
type Knobs = { payout: 'pay' | 'fail' | 'unknown'; duplicate: boolean; webhookDelayMs: number }
type Card = { token: string; brand: string; last4: string; expiry: string; holder: string }

/** A payment gateway as it would be outside: its own memory, signed requests in, signed events out until they are taken. */
export function createGateway({ secret, partner, log }: { secret: string; partner: Partner; log: Log }) {
  const payments = new Map<string, Payment>()
  const payouts = new Map<string, Payout>()
  const knobs: Knobs = { payout: 'pay', duplicate: false, webhookDelayMs: 0 }
  const signer = createSigner(secret)
  const deliver = createTeller(
    signer,
    { partner, path: '/api/gateways/sandbox/events', header: 'gateway-signature' },
    log,
  )

  return {
    knobs,
    isAuthentic: signer.isAuthentic,
    payment: (id: string) => payments.get(id),

    /** The key is the reference: asking twice opens one page. */
    openPayment(wanted: { reference: string; customer: string; amount: Amount; return_url: string }): Payment {
      for (const payment of payments.values()) if (payment.reference === wanted.reference) return payment
      const payment: Payment = {
        id: id('pay'),
        reference: wanted.reference,
        customer: wanted.customer,
        amount: wanted.amount,
        returnUrl: wanted.return_url,
        state: 'open',
      }
      payments.set(payment.id, payment)
      return payment
    },

    /** What the card's holder decided on the hosted page; a payment ends once. */
    settlePayment(payment: Payment, succeeded: boolean, card: Card): void {
      if (payment.state !== 'open') return
      payment.state = succeeded ? 'succeeded' : 'failed'
      tell(succeeded ? 'payment.succeeded' : 'payment.failed', {
        id: payment.id,
        reference: payment.reference,
        amount: payment.amount,
        ...(succeeded
          ? { authorisation: randomBytes(3).toString('hex').toUpperCase(), card }
          : { failure: 'card_declined' }),
      })
    },

    /** Undefined: the gateway takes the order and does not say so. */
    pay(wanted: { reference: string; amount: Amount; token: string }): Payout | undefined {
      const known = payouts.get(wanted.reference)
      const payout: Payout = known ?? { id: id('pyt'), ...wanted, status: 'processing' }
      payouts.set(wanted.reference, payout)
      const fate = knobs.payout
      if (!known)
        setTimeout(() => {
          payout.status = fate === 'fail' ? 'failed' : 'paid'
          tell(`payout.${payout.status}`, {
            id: payout.id,
            reference: payout.reference,
            amount: payout.amount,
            ...(fate === 'fail' ? { failure: 'account_closed' } : {}),
          })
        }, 300)
      return fate === 'unknown' && !known ? undefined : payout
    },

    payout: (reference: string) => payouts.get(reference),
  }

  function tell(type: string, data: object): void {
    const body = JSON.stringify({ id: id('evt'), type, created: new Date().toISOString(), data })
    setTimeout(() => void deliver(body), knobs.webhookDelayMs)
    if (knobs.duplicate) setTimeout(() => void deliver(body), knobs.webhookDelayMs + 50)
  }
}

export type SandboxGateway = ReturnType<typeof createGateway>

function id(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
