import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32: no i, l, o, u

/**
 * A new id that says what it is and sorts by time: a prefix, `_`, and 26 characters of base 32 (48 bits of
 * milliseconds, 80 random bits, as in ULID). Prefixes in use: `plr` player, `ses` session, `stf` staff, `dep` deposit,
 * `wdr` withdrawal, `ins` instrument, `rnd` round, `evt` event, `req` request, `prp` proposal.
 */
export function newId<P extends string>(prefix: P, nowMs: number = Date.now()): `${P}_${string}` {
  let time = ''
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time
  let random = ''
  for (const byte of take(16)) random += alphabet[byte & 31]
  return `${prefix}_${time}${random}`
}

/** Random bytes are asked of the kernel by the page: a request for each id costs more than all the rest of it. */
let page = Buffer.alloc(0)
let taken = 0

function take(count: number): Buffer {
  if (taken + count > page.length) {
    page = randomBytes(4096)
    taken = 0
  }
  taken += count
  return page.subarray(taken - count, taken)
}

export function isId(prefix: string, value: string): boolean {
  return (
    value.length === prefix.length + 27 &&
    value.startsWith(`${prefix}_`) &&
    /^[0-9a-hjkmnp-tv-z]{26}$/.test(value.slice(-26))
  )
}
