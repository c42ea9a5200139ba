import { gambledCard } from './fair-cards.ts'
import { type Draw, type Fact, fact, type Played } from './fair-fact.ts'

type Weighted<T> = ReadonlyArray<readonly [of: T, weight: number]>
type Sheet = {
  rows: number
  strips?: readonly string[][]
  weights?: ReadonlyArray<Weighted<string>>
  hold?: { symbol: string; from: number; respins: number; values: Weighted<number>; blank: number }
  pick?: { symbol: string; from: number; boxes: readonly number[] }
}
type Spin = { stops?: number[]; window: string[][] }
type Held = { reel: number; row: number; value: number }
type Outcome = {
  base: Spin
  free: Spin[]
  hold?: { begin: Held[]; spins: Held[][] }
  pick?: { opened: Array<{ box: number; prize: number }> }
  gamble?: { steps: Array<{ card: { rank: string; suit: string } }> }
}

/** A round of a slot: the paid spin, its free spins, hold and spin, the boxes, and a card for each gamble, in this order. */
export async function slotOutcome(draw: Draw, { outcome, sheet }: Played): Promise<Fact[]> {
  const { rows, strips, weights, hold, pick } = sheet as unknown as Sheet
  const { base, free, ...features } = outcome as unknown as Outcome

  async function spin(name: string, played: Spin): Promise<{ facts: Fact[]; window: string[][] }> {
    const window: string[][] = []
    if (!strips) {
      for (const reel of weights!) {
        const column: string[] = []
        for (let row = 0; row < rows; row++) column.push(await choose(reel, draw))
        window.push(column)
      }
      return { facts: [fact(name, lines(window), lines(played.window))], window }
    }
    const stops: number[] = []
    for (const strip of strips) stops.push(await draw(strip.length))
    for (const [reel, strip] of strips.entries())
      window.push(Array.from({ length: rows }, (_, row) => strip[(stops[reel]! + row) % strip.length]!))
    return {
      facts: [fact(`${name}, stops`, stops, played.stops), fact(name, lines(window), lines(played.window))],
      window,
    }
  }

  const { facts, window } = await spin('Reels', base)
  for (const [n, played] of free.entries()) facts.push(...(await spin(`Free spin ${n + 1}`, played)).facts)
  if (hold && count(window, hold.symbol) >= hold.from) {
    const { begin, spins } = await holdAndSpin(hold, window, draw)
    const text = (held: Held[]) => held.map(({ reel, row, value }) => `${reel + 1}/${row + 1}: ${value}`).join(', ')
    const { hold: played } = features
    facts.push(fact('Held at the beginning', text(begin), text(played?.begin ?? [])))
    facts.push(fact('Held by the spins', spins.map(text).join(' | '), (played?.spins ?? []).map(text).join(' | ')))
  }
  if (pick && count(window, pick.symbol) >= pick.from) {
    const boxes = await shuffled(pick.boxes, draw)
    const opened = features.pick?.opened ?? []
    const made = opened.map(({ box }) => `${box + 1}: ${boxes[box]}`)
    facts.push(
      fact(
        'Boxes opened',
        made,
        opened.map(({ box, prize }) => `${box + 1}: ${prize}`),
      ),
    )
  }
  for (const [n, { card }] of (features.gamble?.steps ?? []).entries())
    facts.push(fact(`Gamble ${n + 1}`, gambledCard(await draw(52)), `${card.rank} of ${card.suit}`))
  return facts
}

/** Values under what is held, reel by reel and from the top; then a draw for each open place, until nothing came so many times in a row. */
async function holdAndSpin(hold: NonNullable<Sheet['hold']>, window: string[][], draw: Draw) {
  const places = window.flatMap((column, reel) => column.map((shown, row) => ({ reel, row, shown })))
  const begin: Held[] = []
  for (const { reel, row, shown } of places)
    if (shown === hold.symbol) begin.push({ reel, row, value: await choose(hold.values, draw) })
  let open = places.filter(({ shown }) => shown !== hold.symbol)
  const spins: Held[][] = []
  for (let left = hold.respins; left > 0 && open.length > 0; left--) {
    const brought: Held[] = []
    for (const { reel, row } of open) {
      const value = await choose([...hold.values, [0, hold.blank] as const], draw)
      if (value > 0) brought.push({ reel, row, value })
    }
    spins.push(brought)
    open = open.filter(({ reel, row }) => !brought.some((held) => held.reel === reel && held.row === row))
    if (brought.length > 0) left = hold.respins + 1
  }
  return { begin, spins }
}

/** One of several by weight: the draw is out of the sum of the weights, and the first has the lowest numbers. */
async function choose<T>(of: Weighted<T>, draw: Draw): Promise<T> {
  let left = await draw(of.reduce((sum, [, weight]) => sum + weight, 0))
  for (const [each, weight] of of) {
    if (left < weight) return each
    left -= weight
  }
  throw new RangeError('a draw beyond its range')
}

/** From the last place to the second: each changes places with one that is drawn out of it and all before it. */
async function shuffled<T>(of: readonly T[], draw: Draw): Promise<T[]> {
  const result = [...of]
  for (let last = result.length - 1; last > 0; last--) {
    const other = await draw(last + 1)
    const kept = result[last]!
    result[last] = result[other]!
    result[other] = kept
  }
  return result
}

function count(window: string[][], symbol: string): number {
  return window.flat().filter((shown) => shown === symbol).length
}

/** Reel by reel, each from the top. */
function lines(window: string[][]): string {
  return window.map((column) => column.join(' ')).join(' | ')
}
