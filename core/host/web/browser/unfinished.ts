import { get } from './api.ts'

export type Played = { round: string; game: string }

/** The rounds of a game the player saw last, newest first. */
export async function latestRounds<T extends Played>(game: string): Promise<{ newest: string; rounds: T[] }> {
  const { rounds } = await get<{ rounds: T[] }>('/api/rounds?limit=30')
  return { newest: rounds[0]?.round ?? '', rounds: rounds.filter((round) => round.game === game) }
}

/** Remembers, in this tab, that a bet is on its way: a page that is reloaded meanwhile must not leave it in the dark. */
export function noteBet(game: string, newest: string): void {
  sessionStorage.setItem('unfinished', JSON.stringify({ game, newest }))
}

export function forgetBet(): void {
  sessionStorage.removeItem('unfinished')
}

/** What became of a bet the page did not hear of: the round, `null` when none was played, `undefined` when there was no bet. */
export function unfinishedBet<T extends Played>(
  game: string,
  { newest, rounds }: { newest: string; rounds: readonly T[] },
): T | null | undefined {
  const noted = JSON.parse(sessionStorage.getItem('unfinished') ?? 'null') as { game: string; newest: string } | null
  forgetBet()
  if (noted?.game !== game) return undefined
  return noted.newest === newest ? null : (rounds[0] ?? null)
}
