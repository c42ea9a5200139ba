import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { Agent, fetch } from 'undici'

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
export function createGateway(options: {
  secret: string
  partnerUrl: string
  caFile: string
  log(line: object, text: string): void
}) {
  const payments = new Map<string, Payment>()
  const payouts = new Map<string, Payout>()
  const knobs: Knobs = { payout: 'pay', duplicate: false, webhookDelayMs: 0 }
  let agent: Agent | undefined

  return {
    knobs,
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

    /** Is this request the casino's own? Signed over method, path, key and body. */
    isAuthentic(header: string | undefined, method: string, path: string, key: string, body: string): boolean {
      const parsed = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '')
      if (!parsed || Math.abs(Date.now() / 1000 - Number(parsed[1])) > 300) return false
      const expected = sign(Number(parsed[1]), Buffer.from(`${method}\n${path}\n${key}\n${body}`))
      return timingSafeEqual(Buffer.from(expected, 'hex'), Buffer.from(parsed[2] as string, 'hex'))
    },
  }

  function tell(type: string, data: object): void {
    const body = JSON.stringify({ id: id('evt'), type, created: new Date().toISOString(), data })
    setTimeout(() => void deliver(body, 1), knobs.webhookDelayMs)
    if (knobs.duplicate) setTimeout(() => void deliver(body, 1), knobs.webhookDelayMs + 50)
  }

  /** Again and again, a little later each time, until somebody says 2xx. */
  async function deliver(body: string, attempt: number): Promise<void> {
    try {
      agent ??= new Agent({ connect: { ca: existsSync(options.caFile) ? readFileSync(options.caFile) : undefined } })
      const t = Math.floor(Date.now() / 1000)
      const response = await fetch(new URL('/api/gateways/sandbox/events', options.partnerUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'gateway-signature': `t=${t},v1=${sign(t, Buffer.from(body))}` },
        body,
        dispatcher: agent,
        signal: AbortSignal.timeout(10_000),
      })
      await response.body?.cancel()
      if (response.ok) return
      options.log({ status: response.status, attempt }, 'event not taken')
    } catch (error) {
      options.log({ reason: (error as Error).message, attempt }, 'event not delivered')
    }
    if (attempt < 20) setTimeout(() => void deliver(body, attempt + 1), Math.min(30_000, 250 * 2 ** attempt))
  }

  function sign(t: number, bytes: Buffer): string {
    return createHmac('sha256', options.secret).update(`${t}.`).update(bytes).digest('hex')
  }
}

export type SandboxGateway = ReturnType<typeof createGateway>

function id(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
