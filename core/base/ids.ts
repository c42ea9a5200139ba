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

/**
 * A version 7 UUID (RFC 9562): sorts by time, and within one millisecond of one process by the order of asking, as long as
 * those are fewer than 4096.
 */
export function newUuid(nowMs: number = Date.now()): string {
  sameMs = nowMs === lastMs ? (sameMs + 1) & 0xfff : 0
  lastMs = nowMs
  const random = Buffer.from(take(8))
  random[0] = (random[0]! & 0x3f) | 0x80
  const tail = random.toString('hex')
  return `${timeOf(nowMs)}-7${sameMs.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

/** The lowest version 7 UUID of an instant: whatever was made before sorts before it. */
export function uuidFrom(at: Date): string {
  return `${timeOf(at.getTime())}-7000-8000-000000000000`
}

export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(value)
}

let lastMs = 0
let sameMs = 0

function timeOf(ms: number): string {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}`
}

export function isId(prefix: string, value: string): boolean {
  return (
    value.length === prefix.length + 27 &&
    value.startsWith(`${prefix}_`) &&
    /^[0-9a-hjkmnp-tv-z]{26}$/.test(value.slice(-26))
  )
}
