import * as games from '#games'
import { record, type Stream, shuffle } from '#rng'
import type { Sequence } from './randomness.ts'

/**
 * What players see, as sequences: of each game every draw as it was scaled, by what it was for, and a pack of cards as it was shuffled,
 * by place. As a laboratory collects them (GLI-19 3.2.2).
 */
export function outcomes(stream: Stream, perSequence: number): Sequence[] {
  return collectors(stream, perSequence).flatMap((collect) => collect())
}

/** The same in parts, between which a generator can be reseeded, as it is in play. */
export function collectors(stream: Stream, perSequence: number): Array<() => Sequence[]> {
  return [
    ...games.catalogue().map((game) => () => drawsOf(game, stream, perSequence)),
    () => packs(stream, perSequence),
  ]
}

function drawsOf(game: games.Game, stream: Stream, count: number): Sequence[] {
  const choice = game.readChoice(game.sample, 'EUR')
  const sequences = new Map<string, { name: string; range: number; values: number[] }>()
  for (let round = 0; round < count; round++) {
    const { draws, taken } = record(stream)
    games.playOut(game, choice, draws)
    const counted = new Map<string, number>()
    for (const [purpose, range, value] of taken) {
      const nth = (counted.get(purpose) ?? 0) + 1
      counted.set(purpose, nth)
      const name = `${game.id}, ${purpose} ${nth}`
      const sequence = sequences.get(name) ?? { name, range, values: [] }
      sequence.values.push(value)
      sequences.set(name, sequence)
    }
  }
  return [...sequences.values()].filter(({ values }) => values.length >= 1000)
}

function packs(stream: Stream, count: number): Sequence[] {
  const pack = Array.from({ length: 52 }, (_, card) => card)
  const places = [0, 1, 25, 51].map((place) => ({
    name: `pack of cards, place ${place + 1}`,
    place,
    values: [] as number[],
  }))
  for (let n = 0; n < count; n++) {
    const shuffled = shuffle(pack, record(stream).draws, 'card')
    for (const { place, values } of places) values.push(shuffled[place]!)
  }
  return places.map(({ name, values }) => ({ name, range: 52, values }))
}
