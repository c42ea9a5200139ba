import { type Class, classes, classOf } from '../hand.ts'

export const cardsInPack = 52
const handSize = 5

/** `choices[n][k]`: how many sets of k there are of n. */
const choices = Array.from({ length: cardsInPack + 1 }, (_, n) => {
  const row = [1]
  for (let k = 1; k <= handSize; k++) row.push(n === 0 ? 0 : (row[k - 1]! * (n - k + 1)) / k)
  return row
})

/** In how many ways so many cards are chosen of so many. */
export function waysOf(n: number, k: number): number {
  return choices[n]![k]!
}

/** The place of a set among all of its size. @param cards ascending, 0 to 51 */
export function placeOf(cards: readonly number[]): number {
  let place = 0
  for (let i = 0; i < cards.length; i++) place += choices[cards[i]!]![i + 1]!
  return place
}

/** What the 2,598,960 hands come to, as numbers of classes, and for every smaller set how many of the hands that hold it come to each. */
export type Sets = {
  readonly hands: Uint8Array
  /** By size, 0 to 4: ten numbers a set. */
  readonly counted: readonly Int32Array[]
}

export function countSets(): Sets {
  const numberOf = new Map<Class, number>(classes.map((name, number) => [name, number]))
  const width = classes.length
  const counted = [0, 1, 2, 3, 4].map((size) => new Int32Array(waysOf(cardsInPack, size) * width))
  const hands = new Uint8Array(waysOf(cardsInPack, handSize))
  const ranks = [0, 0, 0, 0, 0]
  everySet(handSize, (cards, place) => {
    let suited = true
    for (let i = 0; i < handSize; i++) {
      ranks[i] = cards[i]! >> 2
      suited &&= (cards[i]! & 3) === (cards[0]! & 3)
    }
    const number = numberOf.get(classOf(ranks, suited))!
    hands[place] = number
    for (let without = 0; without < handSize; without++)
      counted[handSize - 1]![placeWithout(cards, without) * width + number]!++
  })
  for (let size = handSize - 1; size > 0; size--) {
    const [larger, smaller] = [counted[size]!, counted[size - 1]!]
    everySet(size, (cards, place) => {
      for (let without = 0; without < size; without++) {
        const into = placeWithout(cards, without) * width
        for (let number = 0; number < width; number++) smaller[into + number]! += larger[place * width + number]!
      }
    })
    // A hand was counted once for each of its cards that the smaller set lacks.
    for (let i = 0; i < smaller.length; i++) smaller[i]! /= handSize - (size - 1)
  }
  return { hands, counted }
}

/** Every set of a size in the order of their places. */
function everySet(size: number, visit: (cards: readonly number[], place: number) => void): void {
  const cards = Array.from({ length: size }, () => 0)
  let place = 0
  const fill = (index: number, below: number): void => {
    if (index < 0) visit(cards, place++)
    else for (cards[index] = index; cards[index]! < below; cards[index]!++) fill(index - 1, cards[index]!)
  }
  fill(size - 1, cardsInPack)
}

function placeWithout(cards: readonly number[], without: number): number {
  let place = 0
  for (let i = 0; i < cards.length; i++) if (i !== without) place += choices[cards[i]!]![i < without ? i + 1 : i]!
  return place
}
