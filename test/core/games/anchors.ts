import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fraction } from '#games'

/** A published number and where it is from; what the words of its expectations mean stands at the head of `anchors.json`. */
type Anchor = {
  id: string
  sources: string[]
  parameters: Record<string, unknown>
  expected: {
    integers: Record<string, number>
    fractions: Record<string, string>
    percentages: Record<string, string>
    decimals: Record<string, string>
  }
}

const { anchors } = JSON.parse(readFileSync(join(import.meta.dirname, 'anchors.json'), 'utf8')) as { anchors: Anchor[] }

/** Of each anchor whose numbers were asked for, those that nobody looked at, as `percentages.rtp`. */
const unread = new Map<string, Set<string>>()

/** An anchor, with what stands in the title of its test; whoever takes its title or its expectations holds every one of them (`everyNumberIsHeld`). */
export function anchorOf(id: string): Anchor & { title: string } {
  const { expected, ...found } = anchors.find((anchor) => anchor.id === id) ?? missing(id)
  const asked = () => {
    if (!unread.has(id)) unread.set(id, new Set(leavesOf(expected)))
    return unread.get(id)!
  }
  return {
    ...found,
    get title() {
      asked()
      return `${id}, ${found.sources.join(', ')}`
    },
    get expected() {
      return watched(expected, asked())
    },
  }
}

/** Fails where a test file left out a number of an anchor that it names. For the end of such a file. */
export function everyNumberIsHeld(): void {
  const left = [...unread].flatMap(([id, names]) => [...names].map((name) => `${id}: ${name}`))
  if (left.length > 0) throw new Error(`no test looked at ${left.join(', ')}`)
}

export const anchorIds: readonly string[] = anchors.map(({ id }) => id)

function missing(id: string): never {
  throw new Error(`there is no anchor ${id}`)
}

function leavesOf(value: unknown, name = ''): string[] {
  if (typeof value !== 'object' || value === null) return [name]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, name ? `${name}.${key}` : key))
}

/** The same object, which strikes from `names` whatever is read of it. */
function watched<Value extends object>(value: Value, names: Set<string>, path = ''): Value {
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key)
      if (typeof key === 'symbol') return inner
      const name = path ? `${path}.${key}` : key
      if (typeof inner === 'object' && inner !== null) return watched(inner, names, name)
      names.delete(name)
      return inner
    },
  })
}

/** As many decimals as the published text has, rounded half up, exactly. */
export function asPublished({ n, d }: Fraction, text: string): string {
  return decimal(roundedQuotient(n * 10n ** BigInt(placesOf(text)), d), placesOf(text))
}

export function percentAsPublished({ n, d }: Fraction, text: string): string {
  return asPublished({ n: n * 100n, d }, text)
}

/** The square root, rounded the same way. */
export function rootAsPublished({ n, d }: Fraction, text: string): string {
  const places = placesOf(text)
  const twice = root((4n * n * 10n ** BigInt(2 * places)) / d) // of twice the root, cut: half up is one more, halved
  return decimal((twice + 1n) / 2n, places)
}

function placesOf(text: string): number {
  return text.split('.')[1]?.length ?? 0
}

function roundedQuotient(n: bigint, d: bigint): bigint {
  const sign = n < 0n !== d < 0n ? -1n : 1n
  const [a, b] = [n < 0n ? -n : n, d < 0n ? -d : d]
  return (sign * (2n * a + b)) / (2n * b)
}

function decimal(scaled: bigint, places: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, '0')
  const text = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits
  return scaled < 0n ? `-${text}` : text
}

function root(value: bigint): bigint {
  if (value < 2n) return value
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (guess + value / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}
