/** What is taken out of a text, by kind, and how often. */
export type Found = Partial<Record<Kind, number>>
export type Kind =
  | 'secret'
  | 'private key'
  | 'password'
  | 'cookie'
  | 'token'
  | 'e-mail'
  | 'card'
  | 'telephone'
  | 'address'
  | 'statement'

type Rule = { kind: Kind; pattern: RegExp; replace?(match: string, ...groups: string[]): string | undefined }

const mark = (kind: Kind): string => `[${kind} removed]`

/** In this order: what is surely secret first, then what looks like it, then what looks like a person. */
const rules: readonly Rule[] = [
  // What PostgreSQL adds to an error may quote rows and statements.
  { kind: 'statement', pattern: /^.*\b(?:DETAIL|STATEMENT|CONTEXT|QUERY): .*(?:\n\t.*)*/gm },
  {
    kind: 'private key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$(?![\s\S]))/g,
  },
  { kind: 'private key', pattern: /^[A-Za-z\d+/]{60,}={0,2}$/gm }, // lines of one whose beginning is not there
  {
    kind: 'password',
    pattern: /\b([a-z][a-z\d+.-]*:\/\/[^\s/@:"']*:)[^\s/@"']+@/gi,
    replace: (_, head) => `${head}${mark('password')}@`,
  },
  {
    kind: 'cookie',
    pattern: /\b((?:set-)?cookie(?:\\?["'])?\s*[:=]\s*\[?(?:\\?["'])?)(?!\[)[^\r\n"'\\]+/gi,
    replace: (_, head) => `${head}${mark('cookie')}`,
  },
  {
    kind: 'token',
    pattern: /\b((?:bearer|basic|dpop)\s+)[\w~+/.-]{8,}=*/gi,
    replace: (_, head) => `${head}${mark('token')}`,
  },
  { kind: 'token', pattern: /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g },
  {
    kind: 'password',
    pattern:
      /((?:pass(?:word|wd|phrase)?|secret|(?<![a-z])pin|masterauth|requirepass)(?:\\?["'])?(?:\s*[:=]\s*|[ \t]+(?=\S{16}))(?:\\?["'])?)(?![[{/])[^\s"'\\,}[]+/gi,
    replace: (_, head) => `${head}${mark('password')}`,
  },
  {
    kind: 'token',
    pattern: /((?:token|api[-_]?key|authorization|otp)(?:\\?["'])?\s*[:=]\s*(?:\\?["'])?)(?![[{/])[^\s"'\\,}[]+/gi,
    replace: (_, head) => `${head}${mark('token')}`,
  },
  {
    kind: 'token',
    pattern: /(?<![\w/+-])[\w-]{40,}(?![\w/+-])/g,
    replace: (match) => (/[a-z]/.test(match) && /[A-Z]/.test(match) && /\d/.test(match) ? mark('token') : undefined),
  },
  { kind: 'e-mail', pattern: /[\p{L}\d._%+-]+@(?:[\p{L}\d-]+\.)+\p{L}{2,}/gu },
  {
    kind: 'card',
    pattern: /(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])/g,
    replace: (match) => (isLuhn(match.replace(/\D/g, '')) ? mark('card') : undefined),
  },
  { kind: 'telephone', pattern: /(?<![\w.])\+[1-9](?:[ ()./-]{0,2}\d){7,14}(?!\d)|(?<![\w.:-])00[1-9]\d{7,13}(?!\w)/g },
  {
    kind: 'address',
    pattern: /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d)/g,
    replace: (match) => (isInside(match) ? undefined : mark('address')),
  },
  { kind: 'address', pattern: /(?<![\w:])[23][\da-f]{3}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi },
]

/** Takes out secrets (given in all their forms), and whatever looks like a secret or like a person. Counts what it took. */
export function redact(text: string, secrets: readonly string[]): { text: string; found: Found } {
  const found: Found = {}
  const count = (kind: Kind, by = 1) => {
    found[kind] = (found[kind] ?? 0) + by
  }
  let clean = text
  for (const secret of secrets) {
    const parts = clean.split(secret)
    if (parts.length === 1) continue
    count('secret', parts.length - 1)
    clean = parts.join(mark('secret'))
  }
  for (const { kind, pattern, replace } of rules)
    clean = clean.replace(pattern, (match: string, ...groups: string[]) => {
      const instead = replace ? replace(match, ...groups) : mark(kind)
      if (instead === undefined) return match
      if (instead !== match) count(kind)
      return instead
    })
  return { text: clean, found }
}

/** The check digit of card numbers (ISO/IEC 7812-1). */
function isLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 1 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0 && !/^0+$/.test(digits)
}

/** Addresses of machines inside, which are nobody's (RFC 1918, loopback, link-local, unspecified). */
function isInside(address: string): boolean {
  return /^(0|10|127)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(address)
}
