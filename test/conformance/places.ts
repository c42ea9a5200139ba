import type * as games from '#games'

/**
 * What a round shows in one place: a card, a tile, a stop. `chances` where the values are not equally likely. `with`: both places of a round as
 * one value, and how likely each is; none where one follows from the other, as a bucket does from its path.
 */
export type Place = {
  name: string
  range: number
  value: number
  chances?: readonly number[]
  with?(other: Place): { value: number; chances: readonly number[] } | undefined
}

type Outcome = Record<string, unknown>
type Hand = { cards: string[] }
type Sheet = { strips?: string[][]; weights?: ReadonlyArray<ReadonlyArray<readonly [string, number]>> }

const ranks = 'A23456789TJQK'
const suits = 'SHDC'
const classesMax = 8
/** Targets of limbo between which a height lies. */
const targets = [101, 110, 125, 150, 200, 300, 500, 1000, 2500, 10_000, 100_000]

/** The places of a game's outcome whose chances are known whatever else came: a third card, for one, hangs on those before. */
export function placesOf(game: games.Game, outcome: Outcome): Place[] {
  if (outcome.base) return slotPlaces(game.sheet as Sheet, outcome.base as { stops?: number[]; window: string[][] })
  return (extractors[game.id] ?? unknown)(outcome, game)
}

const extractors: Record<string, (outcome: Outcome, game: games.Game) => Place[]> = {
  'roulette-european': roulette,
  'roulette-american': roulette,
  'roulette-french': roulette,
  baccarat({ player, banker }, { sheet }) {
    const two = (name: string, { cards }: Hand) =>
      cards.slice(0, 2).map((card, n) => ({ name: `${name} ${n + 1}`, card }))
    return cardPlaces([...two('player', player as Hand), ...two('banker', banker as Hand)], sheet.packs as number)
  },
  blackjack({ dealer, hands }, { sheet }) {
    const shown = [(hands as Hand[])[0]!, dealer as Hand].flatMap(({ cards }, hand) =>
      cards.slice(0, 2).map((card, n) => ({ name: `${hand === 0 ? 'player' : 'dealer'} ${n + 1}`, card })),
    )
    return cardPlaces(shown, (sheet.house as { packs: number }).packs)
  },
  'jacks-or-better'({ ended }) {
    return cardPlaces(
      (ended as { dealt: string[] }).dealt.map((card, n) => ({ name: `card ${n + 1}`, card })),
      1,
    )
  },
  dice: ({ roll }) => [independent('roll', 10_000, roll as number)],
  limbo({ reached }, game) {
    const reach = targets.map((target) => chanceOf(game, target))
    const chances = [1, ...reach].map((chance, n) => chance - (reach[n] ?? 0))
    const value = targets.filter((target) => (reached as number) >= target).length
    return [{ name: 'height', range: chances.length, value, chances }]
  },
  plinko({ path, bucket }) {
    const rows = (path as number[]).map((right, n) => independent(`row ${n + 1}`, 2, right))
    const chances = binomials(rows.length)
    return [...rows, { name: 'bucket', range: chances.length, value: bucket as number, chances }]
  },
  mines({ ended }) {
    return (ended as { mines: number[] }).mines.map((tile, n) => distinct(`mine ${n + 1}`, 25, tile))
  },
}

function unknown(_: Outcome, { id }: games.Game): never {
  throw new Error(`what a round of ${id} shows is not told to the conformance tests`)
}

function roulette({ number }: Outcome, { sheet }: games.Game): Place[] {
  return [independent('number', (sheet.wheel as number[]).length, number as number)]
}

/** Stops where there are any, and what stands in the middle row of each reel, by how often it is there. */
function slotPlaces({ strips, weights }: Sheet, { stops, window }: { stops?: number[]; window: string[][] }): Place[] {
  const reels = strips?.map((strip) => tallied(strip.map((symbol) => [symbol, 1] as const))) ?? weights!.map(tallied)
  const symbols = window.map((column, reel): Place => {
    const [names, chances] = [[...reels[reel]!.keys()], [...reels[reel]!.values()]]
    const place = { name: `symbol on reel ${reel + 1}`, range: names.length, value: names.indexOf(column[1]!), chances }
    return strips ? place : { ...place, with: (other) => jointly(place, other) }
  })
  return [
    ...(stops ?? []).map((stop, reel) => independent(`stop ${reel + 1}`, strips![reel]!.length, stop)),
    ...symbols,
  ]
}

function tallied(reel: ReadonlyArray<readonly [string, number]>): Map<string, number> {
  const total = reel.reduce((sum, [, weight]) => sum + weight, 0)
  const chances = new Map<string, number>()
  for (const [symbol, weight] of reel) chances.set(symbol, (chances.get(symbol) ?? 0) + weight / total)
  return chances
}

/** Each value equally likely, whatever stands elsewhere: pairs by classes. */
function independent(name: string, range: number, value: number): Place {
  return {
    name,
    range,
    value,
    with(other) {
      const [one, two] = [classOf({ range, value }), classOf(other)]
      if (!one || !two) return undefined
      return { value: one.place * two.of + two.place, chances: new Array(one.of * two.of).fill(1 / (one.of * two.of)) }
    },
  }
}

/** Undefined for what is left over where classes are equally large. */
function classOf({ range, value }: { range: number; value: number }): { place: number; of: number } | undefined {
  const of = Math.min(range, classesMax)
  const each = Math.floor(range / of)
  return value < of * each ? { place: Math.floor(value / each), of } : undefined
}

/** Two that have nothing to do with each other, each by its chances. */
function jointly(one: Place, other: Place) {
  return {
    value: one.value * other.range + other.value,
    chances: one.chances!.flatMap((chance) => other.chances!.map((also) => chance * also)),
  }
}

/** No two of a round are the same, each other pair equally likely. */
function distinct(name: string, range: number, value: number): Place {
  return {
    name,
    range,
    value,
    with(other) {
      if (other.value === value) throw new Error(`${name} and ${other.name} are the same`)
      const pairs = range * (range - 1)
      const later = other.value - (other.value > value ? 1 : 0)
      return { value: value * (range - 1) + later, chances: new Array(pairs).fill(1 / pairs) }
    },
  }
}

/** Dealt one after the other from so many packs: pairs by rank, the second out of what the first left. */
function cardPlaces(shown: ReadonlyArray<{ name: string; card: string }>, packs: number): Place[] {
  const [ofRank, all] = [4 * packs, 52 * packs]
  const chances = [...ranks].flatMap((one) =>
    [...ranks].map((two) => (ofRank / all) * ((ofRank - (one === two ? 1 : 0)) / (all - 1))),
  )
  return shown.map(({ name, card }) => {
    const rank = ranks.indexOf(card[0]!)
    return {
      name,
      range: 52,
      value: rank * 4 + suits.indexOf(card[1]!),
      with: (other) => ({ value: rank * 13 + Math.floor(other.value / 4), chances }),
    }
  })
}

function binomials(rows: number): number[] {
  let ways = [1]
  for (let row = 0; row < rows; row++) ways = [...ways, 0].map((each, n) => each + (ways[n - 1] ?? 0))
  return ways.map((each) => each / 2 ** rows)
}

/** Of a target, as the game tells it. */
function chanceOf(game: games.Game, target: number): number {
  const [winning, losing] = game.returns!({ stake: 100n, target }).map(([ways]) => Number(ways)) as [number, number]
  return winning / (winning + losing)
}
