import type { Outcome } from './event.ts'

/** What a field of an event holds. `?` may be absent or null; an amount is in minor units of the currency named beside it. */
export type FieldType = 'text' | 'number' | 'amount' | 'flag' | 'instant' | 'texts' | 'fields'
export type Shape = Readonly<Record<string, FieldType | `${FieldType}?`>>

/** A kind of event. */
export type Kind = {
  /** In words, for people. */
  readonly title: string
  /** What it is when the caller does not say; success when nothing is here. */
  readonly outcome?: Outcome
  /** Somebody should look: soon, or at once. */
  readonly severity?: 'warning' | 'alarm'
  /** The letter of GLI-19 2.8.8 that makes it a significant event. */
  readonly gli?: string
  readonly detail?: Shape
  /** Names that may stand in `before` and `after`; both are there then. */
  readonly changes?: readonly string[]
  /** Names that may stand in the sealed part, besides the address of a player who acts. */
  readonly personal?: readonly string[]
}

export type Kinds = Readonly<Record<string, Kind>>
