/** The rules of a house that change what blackjack returns. */
export type House = {
  /** Packs of 52 in the shoe, shuffled afresh for each round; infinite where cards come back at once. */
  packs: number
  hitsSoft17: boolean
  doubleAfterSplit: boolean
  /** To how many hands one can be split. */
  handsMax: number
  /** Split aces get one card each; another ace among them may be split again. */
  resplitAces: boolean
  lateSurrender: boolean
}

/** The house that is shipped. The dealer looks for a blackjack; double on any two cards; blackjack pays 3 to 2, insurance 2 to 1. */
export const house: House = {
  packs: 6,
  hitsSoft17: false,
  doubleAfterSplit: true,
  handsMax: 4,
  resplitAces: true,
  lateSurrender: true,
}
