import { Hono, type MiddlewareHandler } from 'hono'
import { z } from 'zod'
import type { SandboxGateway } from './gateway.ts'
import type { Mail } from './mail.ts'
import { challengePage, inboxPage, paymentPage } from './pages.ts'
import type { SandboxTelephone } from './telephone.ts'

const amount = z.looseObject({ value: z.string(), currency: z.string() })
const paymentOrder = z.looseObject({ reference: z.string(), customer: z.string(), amount, return_url: z.url() })
const payoutOrder = z.looseObject({ reference: z.string(), amount, token: z.string() })
const text = z.looseObject({ to: z.string().max(20), from: z.string().max(20), text: z.string().max(1000) })
const knobs = z.strictObject({
  payout: z.enum(['pay', 'fail', 'unknown']).optional(),
  duplicate: z.boolean().optional(),
  webhookDelayMs: z.int().min(0).max(60_000).optional(),
})

/** The gateway's API and hosted page, the telephone carrier's API, the inboxes, and knobs for trying things. */
export function sandboxWeb(
  gateway: SandboxGateway,
  telephone: SandboxTelephone,
  inbox: readonly Mail[],
  ownUrl: string,
): Hono {
  const app = new Hono()
  app.get('/', (c) => c.redirect('/inbox'))
  app.get('/inbox', (c) => c.html(inboxPage(inbox, telephone.texts)))
  app.get('/inbox.json', (c) => c.json(inbox.filter((mail) => !c.req.query('to') || mail.to === c.req.query('to'))))
  app.get('/texts.json', (c) =>
    c.json(telephone.texts.filter(({ to }) => !c.req.query('to') || to === c.req.query('to'))),
  )
  app.post('/knobs', async (c) => c.json(Object.assign(gateway.knobs, knobs.parse(await c.req.json()))))

  app.use('/v1/*', signedBy(gateway, 'gateway-request-signature'))
  app.post('/v1/payments', async (c) => {
    const payment = gateway.openPayment(paymentOrder.parse(await c.req.json()))
    return c.json({ id: payment.id, url: `${ownUrl}/pay/${payment.id}` }, 201)
  })
  app.post('/v1/payouts', async (c) => {
    const payout = gateway.pay(payoutOrder.parse(await c.req.json()))
    return payout ? c.json(payout, 201) : c.json({ error: 'timeout' }, 504)
  })
  app.get('/v1/payouts/:reference', (c) => {
    const payout = gateway.payout(c.req.param('reference'))
    return payout ? c.json(payout) : c.json({ error: 'unknown' }, 404)
  })

  app.use('/carrier/*', signedBy(telephone, 'carrier-request-signature'))
  app.post('/carrier/messages', async (c) => {
    const { status, body } = telephone.send(c.req.header('idempotency-key') ?? '', text.parse(await c.req.json()))
    return c.json(body, status)
  })

  app.get('/pay/:id', (c) => {
    const payment = gateway.payment(c.req.param('id'))
    if (!payment) return c.text('There is no such payment.', 404)
    return payment.state === 'open' ? c.html(paymentPage(payment)) : c.redirect(payment.returnUrl, 303)
  })
  app.post('/pay/:id', async (c) => {
    const payment = gateway.payment(c.req.param('id'))
    if (!payment) return c.text('There is no such payment.', 404)
    const fields = Object.fromEntries(
      Object.entries(await c.req.parseBody()).map(([name, value]) => [name, String(value)]),
    )
    const number = (fields.number ?? '').replaceAll(/\D/g, '')
    if (!/^\d{13,19}$/.test(number)) return c.html(paymentPage(payment, 'This is not a card number.'), 422)
    if (number.endsWith('3220') && fields.challenge !== 'passed') return c.html(challengePage(fields))
    gateway.settlePayment(payment, !number.endsWith('0002'), {
      token: `tok_${payment.id}`,
      brand: number.startsWith('5') ? 'Mastercard' : 'Visa',
      last4: number.slice(-4),
      expiry: fields.expiry ?? '',
      holder: fields.holder ?? '',
    })
    return c.redirect(payment.returnUrl, 303)
  })
  app.onError((error, c) =>
    c.json({ error: error instanceof z.ZodError ? 'malformed' : 'failed' }, error instanceof z.ZodError ? 400 : 500),
  )
  return app
}

/** Lets only what the casino itself signed go on. */
function signedBy(party: Pick<SandboxGateway, 'isAuthentic'>, header: string): MiddlewareHandler {
  return async function signed(c, next) {
    const body = c.req.method === 'POST' ? await c.req.text() : ''
    const key = c.req.header('idempotency-key') ?? ''
    if (!party.isAuthentic(c.req.header(header), c.req.method, c.req.path, key, body))
      return c.json({ error: 'signature' }, 401)
    await next()
  }
}
