import { z } from 'zod'
import { type Money, Refusal, readMoney, showMoney } from '#base'
import { eventMalformed, type Gateway, type GatewayEvent, gatewayAway, type PayoutAnswer } from '#cashier'
import { sign } from '../signature.ts'

/** What the adapter needs to speak to the gateway. The first secret signs. */
export type Access = { url: string; secrets: readonly string[]; now(): Date; timeoutMs?: number }

const paymentAnswer = z.object({ id: z.string().max(200), url: z.url().max(2000) })
const payoutAnswer = z.object({
  id: z.string().max(200),
  status: z.enum(['processing', 'paid', 'failed']),
  failure: z.string().max(200).nullish(),
})

const id = z.string().min(1).max(200)
const eventBody = z.looseObject({
  id,
  type: id,
  data: z.looseObject({
    id,
    reference: id,
    amount: z.looseObject({ value: z.string().max(40), currency: z.string().max(8) }).optional(),
    authorisation: z.string().max(100).optional(),
    failure: z.string().max(200).nullish(),
    card: z
      .looseObject({
        token: id,
        brand: z.string().max(40),
        last4: z.string().regex(/^\d{4}$/),
        expiry: z.string().max(10),
        holder: z.string().max(200),
      })
      .optional(),
  }),
})

/** The sandbox gateway: hosted page, payouts to tokens, signed requests both ways. */
export function sandboxGateway(access: Access): Gateway {
  return {
    async openPayment({ deposit, player, amount, returnUrl }) {
      const body = { reference: deposit, customer: player, amount: wire(amount), return_url: returnUrl }
      const answer = await ask(access, 'POST', '/v1/payments', body, deposit).catch((error: unknown) => {
        throw gatewayAway(error)
      })
      const parsed = paymentAnswer.safeParse(answer.body)
      if (answer.status >= 300 || !parsed.success) throw gatewayAway(new Error(`the gateway answered ${answer.status}`))
      return { payment: parsed.data.id, redirectUrl: parsed.data.url }
    },
    async sendPayout({ withdrawal, amount, token }) {
      const body = { reference: withdrawal, amount: wire(amount), token }
      return fateOf(await ask(access, 'POST', '/v1/payouts', body, withdrawal).catch(asFailure))
    },
    async askPayout(withdrawal) {
      const answer = await ask(access, 'GET', `/v1/payouts/${withdrawal}`).catch(asFailure)
      if (answer.status === 404) return { fate: 'absent' }
      return fateOf(answer)
    },
  }
}

/** Reads the gateway's event. @throws Refusal `cashier.event_malformed` */
export function readSandboxEvent(raw: Buffer): GatewayEvent & { name: string } {
  const parsed = eventBody.safeParse(jsonOf(raw))
  if (!parsed.success) throw eventMalformed()
  const { id, type, data } = parsed.data
  const amount = data.amount && moneyOf(data.amount.value, data.amount.currency)
  return {
    id,
    name: type,
    type: known.has(type) ? (type as GatewayEvent['type']) : 'other',
    reference: data.reference,
    object: data.id,
    ...(amount ? { amount } : {}),
    ...(data.authorisation ? { authorisation: data.authorisation } : {}),
    ...(data.failure ? { reason: data.failure } : {}),
    ...(data.card ? { instrument: only(data.card) } : {}),
  }
}

const known = new Set(['payment.succeeded', 'payment.failed', 'payout.paid', 'payout.failed'])

type Answer = { status: number; body: unknown; failure?: string }

async function ask(access: Access, method: string, path: string, payload?: object, key?: string): Promise<Answer> {
  const body = payload ? JSON.stringify(payload) : ''
  const signed = Buffer.from(`${method}\n${path}\n${key ?? ''}\n${body}`)
  const response = await fetch(new URL(path, access.url), {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(access.timeoutMs ?? 5000),
    headers: {
      'content-type': 'application/json',
      'gateway-request-signature': sign(access.secrets[0] ?? '', signed, access.now()),
      ...(key ? { 'idempotency-key': key } : {}),
    },
    ...(payload ? { body } : {}),
  })
  return { status: response.status, body: await response.json().catch(() => undefined) }
}

/** Refused connections prove that nothing was sent; anything else on the wire proves nothing. */
function asFailure(error: unknown): Answer {
  const code = ((error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name) || 'unknown'
  return { status: code === 'ECONNREFUSED' || code === 'ENOTFOUND' ? -1 : 0, body: undefined, failure: code }
}

function fateOf({ status, body, failure }: Answer): PayoutAnswer {
  if (status === -1) return { fate: 'not_sent', reason: failure ?? 'unreachable' }
  const parsed = payoutAnswer.safeParse(body)
  if (status < 200 || status >= 300 || !parsed.success)
    return status === 401 || status === 429
      ? { fate: 'not_sent', reason: `the gateway answered ${status}` }
      : { fate: 'unknown', reason: failure ?? `the gateway answered ${status}` }
  const { id: payout, status: state, failure: why } = parsed.data
  if (state === 'failed') return { fate: 'refused', reason: why ?? 'failed', payout }
  return { fate: state === 'paid' ? 'paid' : 'accepted', payout }
}

function wire(amount: Money): { value: string; currency: string } {
  const shown = showMoney(amount)
  return { value: shown.amount, currency: shown.currency }
}

/** An amount that cannot be read is no amount; the judgement then is a mismatch. */
function moneyOf(amount: string, currency: string): Money | undefined {
  try {
    return readMoney({ amount, currency })
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

function only(card: { token: string; brand: string; last4: string; expiry: string; holder: string }) {
  const { token, brand, last4, expiry, holder } = card
  return { token, brand, last4, expiry, holder }
}

function jsonOf(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'))
  } catch {
    return undefined
  }
}
