import { z } from 'zod'
import { type Carrier, type Fate, type Receipt, receiptMalformed } from '#messages'
import { sign } from '../signature.ts'

/** What the adapter needs to speak to the carrier. The first secret signs. */
type Access = { url: string; secrets: readonly string[]; sender: string; now(): Date }

const name = 'sandbox'
const path = '/carrier/messages'
const timeoutMs = 10_000

const word = z.string().regex(/^[\w.-]{1,60}$/)
const taken = z.looseObject({ id: word })
const refusal = z.looseObject({ error: word })
const receiptBody = z.discriminatedUnion('status', [
  z.looseObject({ id: word, status: z.literal('delivered') }),
  z.looseObject({ id: word, status: z.literal('failed'), error: word }),
])

/** The carrier of the sandbox: text messages by JSON and HTTP, signed both ways. */
export function sandboxCarrier({ url, secrets, sender, now }: Access): Carrier {
  return {
    async send(letter) {
      const body = JSON.stringify({ to: letter.address, from: sender, text: letter.text, before: letter.before })
      const signed = Buffer.from(`POST\n${path}\n${letter.id}\n${body}`)
      try {
        const response = await fetch(new URL(path, url), {
          method: 'POST',
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            'content-type': 'application/json',
            'idempotency-key': letter.id,
            'carrier-request-signature': sign(secrets[0] ?? '', signed, now()),
          },
          body,
        })
        return fateOf(response.status, await response.json().catch(() => undefined))
      } catch {
        return { fate: 'later', status: 'unreachable' } // its words may hold the number
      }
    },
    async close() {},
  }
}

/** Reads a receipt of the carrier. @throws Refusal `messages.receipt_malformed` */
export function readSandboxReceipt(raw: Buffer): Receipt {
  const parsed = receiptBody.safeParse(jsonOf(raw))
  if (!parsed.success) throw receiptMalformed()
  const { id: reference, ...said } = parsed.data
  return said.status === 'delivered'
    ? { carrier: name, reference, arrived: true }
    : { carrier: name, reference, arrived: false, status: said.error }
}

/** Only what is wrong with this message is its fate; whatever is wrong with us or with them is tried again. */
function fateOf(status: number, body: unknown): Fate {
  const accepted = taken.safeParse(body)
  if (status >= 200 && status < 300 && accepted.success)
    return { fate: 'accepted', carrier: name, reference: accepted.data.id }
  const refused = refusal.safeParse(body)
  return status === 422 && refused.success
    ? { fate: 'refused', status: refused.data.error }
    : { fate: 'later', status: String(status) }
}

function jsonOf(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'))
  } catch {
    return undefined
  }
}
