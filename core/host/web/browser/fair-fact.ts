/** The next number of a round out of a range. */
export type Draw = (range: number) => Promise<number>

/** One thing a round shows, as the seeds make it and as the house recorded it. */
export type Fact = { what: string; made: string; played: string }

/** What the house says of a round: what the player chose and decided, and what came of it. */
export type Played = {
  choice: Record<string, unknown>
  outcome: Record<string, unknown>
  steps: ReadonlyArray<{ move: unknown; outcome: Record<string, unknown> }>
  /** What the game's rules stand in: strips, weights, wheel. */
  sheet: Record<string, unknown>
}

/**
 * What the numbers of a round come to, by `core/games/fairness/outcomes.md` and without the house's mathematics. It asks for the numbers itself, so
 * that what they are out of is the game's rule and not the house's record.
 */
export type Mapping = (draw: Draw, played: Played) => Promise<Fact[]>

export function fact(what: string, made: unknown, played: unknown): Fact {
  return { what, made: show(made), played: show(played) }
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.map(show).join(' ')
  return value === undefined ? '' : String(value)
}
