import { createHmac, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Agent, fetch } from 'undici'

export type Log = (line: object, text: string) => void
export type Partner = { url: string; caFile: string }

const attemptsMax = 20

/** Signatures as partners make and check them: HMAC-SHA256 over the time, a dot and the bytes. */
export function createSigner(secret: string) {
  const sign = (t: number, bytes: string) => createHmac('sha256', secret).update(`${t}.`).update(bytes).digest('hex')
  return {
    header(bytes: string): string {
      const t = Math.floor(Date.now() / 1000)
      return `t=${t},v1=${sign(t, bytes)}`
    },
    /** Is this request the casino's own? Signed over method, path, key and body, within five minutes. */
    isAuthentic(header: string | undefined, method: string, path: string, key: string, body: string): boolean {
      const parsed = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '')
      if (!parsed || Math.abs(Date.now() / 1000 - Number(parsed[1])) > 300) return false
      const expected = sign(Number(parsed[1]), `${method}\n${path}\n${key}\n${body}`)
      return timingSafeEqual(Buffer.from(expected, 'hex'), Buffer.from(parsed[2] as string, 'hex'))
    },
  }
}

/** Tells the casino something, signed anew each time: again and again, a little later each time. Answers whether it was taken. */
export function createTeller(
  signer: ReturnType<typeof createSigner>,
  to: { partner: Partner; path: string; header: string },
  log: Log,
) {
  let agent: Agent | undefined
  return async function tell(body: string): Promise<boolean> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      try {
        const { url, caFile } = to.partner
        agent ??= new Agent({ connect: { ca: existsSync(caFile) ? readFileSync(caFile) : undefined } })
        const response = await fetch(new URL(to.path, url), {
          method: 'POST',
          headers: { 'content-type': 'application/json', [to.header]: signer.header(body) },
          body,
          dispatcher: agent,
          signal: AbortSignal.timeout(10_000),
        })
        await response.body?.cancel()
        if (response.ok) return true
        log({ status: response.status, attempt }, `${to.path}: not taken`)
      } catch (error) {
        log({ reason: (error as Error).message, attempt }, `${to.path}: not delivered`)
      }
      await setTimeout(Math.min(30_000, 250 * 2 ** attempt), undefined, { ref: false })
    }
    return false
  }
}
