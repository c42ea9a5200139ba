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

export function anchorOf(id: string): Anchor & { title: string } {
  const found = anchors.find((anchor) => anchor.id === id)
  if (!found) throw new Error(`there is no anchor ${id}`)
  return { ...found, title: `${id}, ${found.sources.join(', ')}` }
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
