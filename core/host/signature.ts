import { createHmac, timingSafeEqual } from 'node:crypto'

const toleranceSecondsMax = 300

/** `t=<unix time>,v1=<hex>`: HMAC-SHA256 over the time, a dot and the bytes. */
export function sign(secret: string, bytes: Buffer, at: Date): string {
  const t = Math.floor(at.getTime() / 1000)
  return `t=${t},v1=${mac(secret, t, bytes).toString('hex')}`
}

/**
 * Is this header the work of somebody who has one of the secrets, about these very bytes, just now? Several `v1` and
 * several secrets are for rotation. Every pair is compared, in constant time.
 */
export function isAuthentic(header: string | undefined, bytes: Buffer, secrets: readonly string[], now: Date): boolean {
  const parsed = parse(header)
  if (!parsed) return false
  const isFresh = Math.abs(now.getTime() / 1000 - parsed.t) <= toleranceSecondsMax
  let isGenuine = false
  for (const secret of secrets) {
    const expected = mac(secret, parsed.t, bytes)
    for (const candidate of parsed.v1) isGenuine = timingSafeEqual(expected, candidate) || isGenuine
  }
  return isFresh && isGenuine
}

const headerLengthMax = 1024

function parse(header: string | undefined): { t: number; v1: Buffer[] } | undefined {
  if (!header || header.length > headerLengthMax) return undefined
  const parts = header.split(',').map((part) => part.trim().split('='))
  const times = parts.filter(([name]) => name === 't')
  const t = times[0]?.[1]
  if (times.length !== 1 || !t || !/^\d{1,12}$/.test(t)) return undefined
  const v1 = parts.flatMap(([name, value]) =>
    name === 'v1' && value && /^[0-9a-f]{64}$/.test(value) ? [Buffer.from(value, 'hex')] : [],
  )
  return v1.length > 0 ? { t: Number(t), v1 } : undefined
}

function mac(secret: string, t: number, bytes: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${t}.`).update(bytes).digest()
}
