/** 256 bits, in base 64 without padding. */
const form = /^[A-Za-z0-9_-]{43}$/

/**
 * The secret in a cookie, bare and the only one of its name; anything else is none. Strict, because the edge counts by what it finds in the same header: a
 * secret that only one of the two reads would be a sign-in that nobody counts.
 */
export function secretIn(header: string | undefined, name: string): string | undefined {
  const [value, ...more] = (header ?? '')
    .split(';')
    .map((part) => part.trimStart())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1))
  return value !== undefined && more.length === 0 && form.test(value) ? value : undefined
}
