import type { Money } from './money.ts'
import type { Patience } from './motion.ts'

/** A round as the house tells it. `moves` names what the player may do now; without it the round is over. */
export type Round<Outcome = Record<string, unknown>> = {
  round: string
  game: string
  version: string
  /** `voided`: it could not be finished, and every stake went back. */
  status: 'open' | 'settled' | 'voided'
  stake: Money
  win: Money
  outcome: Outcome
  /** What was chosen, with a round that is recalled; amounts in it are minor units. */
  choice?: Record<string, unknown>
  /** After it; not of a round without money. */
  balance?: { cash: Money; bonus: Money; held: Money }
  moves?: string[]
  /** How many steps a round that waits has had. */
  step?: number
}

export type Facts<Sheet> = { game: string; name: string; sheet: Sheet; stakeMin: string; stakeMax: string }

/** What the page of a game is given: its place, the house's words, and the way to ask for a round. Amounts are minor units. */
export type Table<Sheet = Record<string, unknown>, Outcome = Record<string, unknown>> = {
  readonly facts: Facts<Sheet>
  readonly stage: HTMLElement
  readonly controls: HTMLElement
  /** The line that tells how it came out; a scene may put it where it belongs on its table. */
  readonly result: HTMLElement
  /** The rounds of this game that were played last, newest first. */
  readonly latest: ReadonlyArray<Round<Outcome>>
  readonly patience: Patience
  money(minor: bigint): Money
  show(minor: bigint): string
  say(words: string, ahead?: boolean): void
  /** Asks for a round with what is chosen; while one is shown, shows at once where it ends, if the licence allows. */
  play(): Promise<void>
  /** Shows at once where the round ends that is being shown, if the licence allows. */
  hurry(): void
  /** Makes a move in the round that is open. */
  move(move: Record<string, unknown>): Promise<void>
}

/** What the page of a game does with it. It shows what the house has settled, and never decides anything. */
export type Scene<Outcome = Record<string, unknown>> = {
  /** What the player has chosen, as the house takes it; a string says what is missing. */
  choice(): Record<string, unknown> | string
  /** Shows what came, from where the last showing ended; of a round that is resumed, at once how it was left. */
  show(round: Round<Outcome>, resumed?: 'resumed'): Promise<void>
  /** How it came out, in words: `17 black`. */
  words(round: Round<Outcome>): string
  /** Draws what can be chosen next: before a round, within an open one, or nothing while it is `busy`. */
  paint(state: 'ready' | 'busy' | 'open', round?: Round<Outcome>): void
  /** Words on the button while a round can be had, and while one is shown. */
  readonly verbs: { play: string; hurry: string }
  /** Another key than Space that plays. */
  readonly key?: string
  /** What the line says before the first round. */
  readonly invitation: string
}

/** The default export of the page of a game. */
export type Open<Sheet, Outcome> = (table: Table<Sheet, Outcome>) => Scene<Outcome>
