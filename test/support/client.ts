import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { Agent, buildConnector, request } from 'undici'

export type Answer<T = Record<string, never>> = {
  status: number
  body: T
  headers: Record<string, string | string[] | undefined>
  raw: string
}

/** Somebody with a browser's manners: an origin, a cookie, keys for what they do; trusts the appliance's authority only. */
export function openClient(
  origin: string,
  options: { ca?: string; connections?: number; shown?: { pfx: Buffer; passphrase: string } | undefined } = {},
) {
  // The root as it stands when it connects: one that was rotated is carried to it at once.
  const ca = () => (options.ca && existsSync(options.ca) ? readFileSync(options.ca) : undefined)
  const agent = new Agent({
    connect: (to, done) => buildConnector({ ca: ca(), ...options.shown })(to, done),
    connections: options.connections ?? 4,
    headersTimeout: 30_000,
  })
  const jar = new Map<string, string>()
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    async ask<T>(
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Answer<T>> {
      const mutates = method !== 'GET' && method !== 'HEAD'
      const response = await request(new URL(path, origin), {
        method: method as 'GET',
        dispatcher: agent,
        headers: {
          ...(jar.size > 0 ? { cookie: cookie() } : {}),
          ...(mutates
            ? { origin: new URL(origin).origin, 'idempotency-key': randomUUID(), 'content-type': 'application/json' }
            : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      for (const line of [response.headers['set-cookie'] ?? []].flat()) keepCookie(jar, line)
      const raw = await response.body.text()
      return { status: response.statusCode, headers: response.headers, raw, body: parse(raw) as T }
    },
    close: () => agent.destroy(),
    /** Has this cookie from now on, however it came by it. */
    take: (stolen: string) => keepCookie(jar, stolen),
    get cookie() {
      return cookie()
    },
  }
}

export type Client = ReturnType<typeof openClient>
export type Urls = { lobby: string; operator: string; inbox: string; enrolment?: string }

export function someone() {
  const name = randomBytes(5).toString('hex')
  return { email: `ada.${name}@example.com`, password: `correct horse ${name} battery staple` }
}

/** Registers, confirms by the code from the inbox, signs in. */
export async function arrive(
  client: Client,
  urls: Urls,
  who = someone(),
  changes: Record<string, unknown> = {},
): Promise<{ email: string; password: string }> {
  const terms = (await client.ask<{ termsVersion: string; privacyVersion: string }>('GET', '/api/terms')).body
  await must(
    client.ask('POST', '/api/registrations', {
      ...who,
      name: 'Ada Lovelace',
      dateOfBirth: '1985-12-10',
      address: { street: '12 St James Square', city: 'Valletta', postalCode: 'VLT 1234' },
      country: 'MT',
      currency: 'EUR',
      termsVersion: terms.termsVersion,
      privacyVersion: terms.privacyVersion,
      ...changes,
    }),
    202,
  )
  await must(
    client.ask('POST', '/api/registrations/confirmation', { ...who, code: await codeFor(urls, who.email) }),
    200,
  )
  await must(client.ask('POST', '/api/sessions', who), 201)
  return who
}

/** Signs in where the casino has not seen this browser yet: with the code from the mail that it asks for. */
export async function signInAnew(client: Client, urls: Urls, who: { email: string; password: string }): Promise<void> {
  const codes = async () => (await mailsTo(urls, who.email)).filter(({ subject }) => subject === 'Your code to sign in')
  const before = (await codes()).length
  const asked = await must(client.ask<{ code: string }>('POST', '/api/sessions', who), 401)
  if (asked.body.code !== 'sessions.second_factor_required') throw new Error(`not asked for a code: ${asked.raw}`)
  const code = await until('a code to sign in with', async () => {
    const mails = await codes()
    return mails.length > before ? /code is (\d{6})/.exec(mails[0]?.text ?? '')?.[1] : undefined
  })
  await must(client.ask('POST', '/api/sessions', { ...who, proof: { factor: 'email', code } }), 201)
}

/** The code in the newest mail to an address, or in the newest with this subject. */
export async function codeFor(urls: Urls, email: string, subject?: string): Promise<string> {
  return until(`a mail to ${email}`, async () => {
    const mails = await mailsTo(urls, email)
    const mail = subject === undefined ? mails[0] : mails.find((each) => each.subject === subject)
    return /code is (\d{6})/.exec(mail?.text ?? '')?.[1]
  })
}

/** What lies in the sandbox's inbox, newest first. */
async function mailsTo(urls: Urls, email: string): Promise<Array<{ subject: string; text: string }>> {
  const inbox = `${new URL(urls.inbox).origin}/inbox.json?to=${encodeURIComponent(email)}`
  return (await (await fetch(inbox)).json()) as Array<{ subject: string; text: string }>
}

/** Deposits by card through the gateway's page, and waits for the credit. */
export async function depositByCard(client: Client, amount: string, card = '4242424242424242'): Promise<string> {
  const deposit = (
    await must(
      client.ask<{ id: string; redirectUrl: string }>('POST', '/api/deposits', { amount: { amount, currency: 'EUR' } }),
      201,
    )
  ).body
  const page = await client.ask('GET', deposit.redirectUrl)
  const form = new URLSearchParams({ number: card, expiry: '12/29', cvc: '123', holder: 'Ada Lovelace' })
  await fetch(String(page.headers.location), { method: 'POST', body: form, redirect: 'manual' })
  await until('the credit', async () => {
    const { state } = (await client.ask<{ state: string }>('GET', `/api/deposits/${deposit.id}`)).body
    return state === 'pending' ? undefined : state
  })
  return deposit.id
}

export async function must<T>(answer: Promise<Answer<T>>, status: number): Promise<Answer<T>> {
  const found = await answer
  if (found.status !== status) throw new Error(`expected ${status}, got ${found.status}: ${found.raw.slice(0, 600)}`)
  return found
}

/** Asks until there is an answer; says what it waited for when there is none. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, secondsMax = 60): Promise<T> {
  const end = Date.now() + secondsMax * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`waited ${secondsMax} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** As a browser does: the last one of a name counts, one that is over is forgotten. */
export function keepCookie(jar: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
  if (/;\s*max-age=0/i.test(line)) jar.delete(name)
  else jar.set(name, value)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
