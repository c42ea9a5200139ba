import { numberArray, type Reader, type Refusal, textArray } from '#base'
import * as ledger from '#ledger'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { gameClosed, otherOpen, roundOpen, stakeTooHigh, tooSoon } from './errors.ts'

/**
 * How long the licence wants between the start of each game and the player's next start, and of which games a player has one at a time; empty where it
 * wants nothing.
 */
export type Pace = {
  readonly games: readonly string[]
  readonly ms: readonly number[]
  readonly sole: readonly string[]
}

export type Asked = { wallet: bigint; session: string; game: string; version: string; stake: bigint; cap: bigint }

/** May this round begin? Asked under the wallet's lock. @throws Refusal what stands against it */
export async function admit(reader: Reader, at: Date, pace: Pace, asked: Asked): Promise<void> {
  const { wallet, session, game, version, stake, cap } = asked
  const [row] = await reader<Array<{ verdicts: string[] }>>`
    select games.judge(${at}, array[${wallet}::bigint], array[${session}], array[${game}], array[${version}], array[${stake}::bigint],
      array[${cap}::bigint], ${textArray(pace.games)}::text::text[], ${numberArray(pace.ms)}::text::int[],
      ${textArray(pace.sole)}::text::text[]) as verdicts`
  const refusal = refusalOf(row!.verdicts[0]!)
  if (refusal) throw refusal
}

const refusals: Record<string, () => Refusal> = {
  cool_off: () => protection.refusalOfBar('cool_off'),
  self_exclusion: () => protection.refusalOfBar('self_exclusion'),
  session_ended: sessions.sessionEnded,
  game_closed: gameClosed,
  round_open: roundOpen,
  other_open: otherOpen,
  stake_too_high: stakeTooHigh,
  too_soon: tooSoon,
}

/** The refusal for a word of the judge's or of the ledger's; undefined when the round was booked, now or before. */
export function refusalOf(code: string): Refusal | undefined {
  return Object.hasOwn(refusals, code) ? refusals[code]!() : ledger.refusalOf(code)
}
