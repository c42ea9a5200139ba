import { randomBytes } from 'node:crypto'
import { createSigner, createTeller, type Log, type Partner } from './signed.ts'

/** `receipt`: whether the casino took the receipt of it. */
export type Text = { id: string; to: string; from: string; text: string; at: string; receipt: boolean }
type Order = { to: string; from: string; text: string }
type Outcome = { status: 202; body: { id: string } } | { status: 422 | 503; body: { error: string } }

const kept = 500
const receiptMs = 300

/**
 * A carrier of text messages, which delivers them to a page. What becomes of one is in the end of its number: `…0001` never arrives,
 * `…0002` is refused, `…0003` is put off, and every other arrives.
 */
export function createTelephone(options: { secret: string; receiptSecret: string; partner: Partner; log: Log }) {
  const taken = new Map<string, Outcome>()
  const texts: Text[] = []
  const { partner, log } = options
  const tell = createTeller(
    createSigner(options.receiptSecret),
    { partner, path: '/api/carriers/sandbox/receipts', header: 'carrier-signature' },
    log,
  )
  return {
    texts: texts as readonly Text[],
    isAuthentic: createSigner(options.secret).isAuthentic,

    /** The key is the casino's name for the message: one sent twice is one. */
    send(key: string, { to, from, text }: Order): Outcome {
      const known = taken.get(key)
      if (known) return known
      if (to.endsWith('0003')) return { status: 503, body: { error: 'busy' } }
      const outcome: Outcome = to.endsWith('0002')
        ? { status: 422, body: { error: 'no_such_number' } }
        : { status: 202, body: { id: `sms_${randomBytes(12).toString('hex')}` } }
      if (taken.size > 10_000) taken.clear()
      taken.set(key, outcome)
      if (outcome.status === 202)
        deliver({ ...outcome.body, to, from, text, at: new Date().toISOString(), receipt: false })
      return outcome
    },
  }

  function deliver(text: Text): void {
    const { id, to } = text
    const lost = to.endsWith('0001')
    if (!lost) {
      texts.unshift(text)
      texts.splice(kept)
    }
    const receipt = lost ? { id, status: 'failed', error: 'absent_subscriber' } : { id, status: 'delivered' }
    setTimeout(async () => {
      text.receipt = await tell(JSON.stringify(receipt))
    }, receiptMs)
  }
}

export type SandboxTelephone = ReturnType<typeof createTelephone>
