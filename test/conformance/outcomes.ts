import * as games from '#games'
import { type Draw, record, type Stream } from '#rng'
import { shoe } from '../../core/games/cards.ts'
import { type Place, placesOf } from './places.ts'
import type { Evidence, Sequence, Tally } from './randomness.ts'

/**
 * What players see, as a laboratory collects it (GLI-19 3.2.2). Of each game: every draw as it was scaled, by what it was for; the places of its
 * outcomes (`places.ts`): cards dealt, tiles with mines, symbols in view; and of the places of one round each two together. Besides, shoes as they
 * are dealt to the last card.
 */
export function outcomes(stream: Stream, perSequence: number): Evidence[] {
  return collectors(stream, perSequence).flatMap((collect) => collect())
}

/** The same in parts, between which a generator can be reseeded, as it is in play. */
export function collectors(stream: Stream, perSequence: number): Array<() => Evidence[]> {
  return [
    ...games.catalogue().map((game) => () => roundsOf(game, stream, perSequence)),
    ...[1, 8].map((packs) => () => shoes(packs, stream, perSequence)),
  ]
}

const valuesMin = 1000

/** Of one game. The sample choice is played, and the rules decide for the player. */
export function roundsOf(game: games.Game, stream: Stream, count: number): Evidence[] {
  const choice = game.readChoice(game.sample, 'EUR')
  const draws = new Map<string, Sequence & { values: number[] }>()
  const seen = new Map<string, Sequence & { values: number[] }>()
  const tallies = new Map<string, Tally>()
  for (let round = 0; round < count; round++) {
    const { draws: draw, taken } = record(stream)
    const { outcome } = games.playOut(game, choice, draw)
    noteDraws(game.id, draws, taken)
    const places = placesOf(game, outcome)
    for (const [n, place] of places.entries()) {
      const name = `${game.id}, ${place.name} as shown`
      if (place.chances) tally(tallies, 'outcomes', name, place.chances, place.value)
      else note(seen, name, place.range, place.value)
      for (const other of places.slice(n + 1)) notePair(game.id, tallies, place, other)
    }
  }
  return [...draws.values(), ...seen.values(), ...tallies.values()].filter(({ values }) => values.length >= valuesMin)
}

function noteDraws(game: string, into: Map<string, Sequence & { values: number[] }>, taken: readonly Draw[]): void {
  const counted = new Map<string, number>()
  for (const [purpose, range, value] of taken) {
    const nth = (counted.get(purpose) ?? 0) + 1
    counted.set(purpose, nth)
    note(into, `${game}, ${purpose} ${nth}`, range, value)
  }
}

/** Two places of one round: as often together as their chances say, so that none leans on the other [GLI-3.2.2]. */
function notePair(game: string, into: Map<string, Tally>, one: Place, other: Place): void {
  const joint = other.with && one.with?.(other)
  if (joint) tally(into, 'pairs', `${game}, ${one.name} with ${other.name}`, joint.chances, joint.value)
}

/** Whole packs as every card game deals them, by place. */
function shoes(packs: number, stream: Stream, count: number): Sequence[] {
  const cards = 52 * packs
  const into = new Map<string, Sequence & { values: number[] }>()
  const watched = [1, 2, 26, cards].filter((place, n, all) => all.indexOf(place) === n)
  for (let n = 0; n < Math.ceil(count / packs); n++) {
    const next = shoe(packs, [], record(stream).draws)
    for (let place = 1; place <= cards; place++) {
      const card = next()
      if (watched.includes(place)) note(into, `shoe of ${cards}, card ${place}`, 52, cardNumber(card))
    }
  }
  return [...into.values()]
}

const ranks = 'A23456789TJQK'
const suits = 'SHDC'
const cardNumber = (card: string) => ranks.indexOf(card[0]!) * 4 + suits.indexOf(card[1]!)

function note(into: Map<string, Sequence & { values: number[] }>, name: string, range: number, value: number): void {
  const sequence = into.get(name) ?? { name, range, values: [] }
  sequence.values.push(value)
  into.set(name, sequence)
}

function tally(
  into: Map<string, Tally>,
  test: Tally['test'],
  name: string,
  chances: readonly number[],
  value: number,
): void {
  const found = into.get(name) ?? { test, name, chances, values: [] }
  found.values.push(value)
  into.set(name, found)
}
