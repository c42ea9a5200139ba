import { domainToASCII } from 'node:url'
import { Refusal } from '#base'
import type { Keys } from './client.ts'

/** A value that can be looked up without being known: HMAC-SHA256 under a key of the token, one key per index. */
export async function blindIndex(keys: Keys, index: 'email', normalised: string): Promise<Buffer> {
  return keys.mac('hk-email-index', Buffer.from(`${index}|v1|${normalised}`))
}

/**
 * One spelling per mailbox: Unicode NFKC first, then everything is checked on the result, so that no look-alike of `@`
 * or a dot slips by; the domain in IDNA, all in lower case.
 *
 * @throws Refusal `keys.email_malformed`
 */
export function normaliseEmail(text: string): string {
  const folded = text.normalize('NFKC').trim().toLowerCase()
  const at = folded.lastIndexOf('@')
  const local = folded.slice(0, at)
  const domain = domainToASCII(folded.slice(at + 1))
  const sound =
    folded.length <= 254 &&
    /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(local) &&
    local.length <= 64 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(domain)
  if (!sound) throw new Refusal('invalid', 'keys.email_malformed', 'This is not an e-mail address we can write to.')
  return `${local}@${domain}`
}
