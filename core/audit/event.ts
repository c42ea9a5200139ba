import { canonical } from '#base'

export type Outcome = 'success' | 'failure' | 'denied'

/** One event as it stands in the log for ever: canonical JSON of this is a leaf. Absent parts are absent, never null. */
export type AuditEvent = {
  readonly version: 1
  readonly id: string
  /** UTC, to the millisecond. */
  readonly at: string
  /** What happened, by its code in the catalogue. */
  readonly code: string
  readonly outcome: Outcome
  readonly actor: { readonly kind: string; readonly id: string }
  /** From where. A player's is among what is sealed. */
  readonly address?: string
  /** What it was done to. */
  readonly subject: string
  /** The player it concerns. */
  readonly player?: string
  readonly requestId: string
  readonly reason?: string
  readonly detail?: Readonly<Record<string, unknown>>
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
  /** What is sealed beside it under the player's key: HMAC-SHA256, hex, whose key is sealed with it. */
  readonly personal?: { readonly commitment: string }
  /** Of what was recorded before there were events: its place in the chain of then. */
  readonly chain?: { readonly number: string; readonly hash: string; readonly previous?: string }
}

const textLengthMax = { short: 200, long: 4000 } as const
const entryBytesMax = 65_535 // tiles of the log write an entry's length in 16 bits

/**
 * The bytes of a leaf. One line of JSON whatever is in it: what would end a line, colour a terminal or turn the direction
 * of reading stands as an escape [S50].
 *
 * @throws Error when it is larger than an entry may be: what is so large belongs in a table, and its digest here
 */
export function entryOf(event: AuditEvent): string {
  const entry = canonical(plain(event)).replace(unprintable, escaped)
  if (Buffer.byteLength(entry) > entryBytesMax)
    throw new Error(`the event ${event.code} is larger than ${entryBytesMax} bytes`)
  return entry
}

/** A short text as the log keeps it; ids and names are never longer. */
export function short(text: string): string {
  return cut(text, textLengthMax.short)
}

/**
 * What PostgreSQL cannot hold as text, a NUL or half of a surrogate pair, becomes U+FFFD; what is too long is cut, and
 * says so.
 */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return cut(value, textLengthMax.long)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [short(name), plain(part)]),
  )
}

function cut(text: string, lengthMax: number): string {
  const sound = text.toWellFormed().replaceAll('\0', '\ufffd')
  if (sound.length <= lengthMax) return sound
  return `${sound.slice(0, lengthMax).toWellFormed()}… (${sound.length} characters)`
}

/** Controls, marks that turn or hide text, separators of lines and paragraphs; C0 controls are escaped by JSON already. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

function escaped(character: string): string {
  return character
    .split('') // code units, as JSON escapes them
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
