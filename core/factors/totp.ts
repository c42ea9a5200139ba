import { createHmac, timingSafeEqual } from 'node:crypto'
import { stepSeconds } from './policy.ts'

type Hash = 'sha1' | 'sha256' | 'sha512'

/** A one-time password of RFC 4226: HMAC of the counter, truncated to some decimal digits. */
export function hotp(seed: Buffer, counter: number, { digits = 6, hash = 'sha1' as Hash } = {}): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac(hash, seed).update(message).digest()
  const at = mac[mac.length - 1]! & 0xf
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0')
}

/** The step of RFC 6238 that an instant of the server's clock lies in. */
function stepAt(now: Date): number {
  return Math.floor(now.getTime() / 1000 / stepSeconds)
}

/** The newest step of the window whose code this is; every step is computed and compared, whatever is found. */
export function stepOf(seed: Buffer, code: string, now: Date, window: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const given = Buffer.from(code)
  let found: number | undefined
  for (let step = stepAt(now) - window; step <= stepAt(now) + window; step++)
    if (timingSafeEqual(Buffer.from(hotp(seed, step)), given)) found = step
  return found
}

/** RFC 4648, without padding: how authenticator apps take a seed. */
export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('')
}

/** What the picture for the app says (the key URI format of Google Authenticator, which all of them read). */
export function keyUri({ issuer, account, seed }: { issuer: string; account: string; seed: Buffer }): string {
  const query = new URLSearchParams({ secret: base32(seed), issuer, algorithm: 'SHA1', digits: '6', period: '30' })
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(account)}?${query.toString().replaceAll('+', '%20')}`
}
