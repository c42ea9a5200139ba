import { numberArray, type Reader, textArray } from '#base'
import type { Lease } from '#ledger'
import type { Pace } from './judge.ts'

/** A bet whose outcome is drawn and which waits for its lane. */
export type Bet = {
  wallet: bigint
  key: string
  payloadHash: string
  session: string
  game: string
  version: string
  stake: bigint
  /** The most that one round may stake. */
  cap: bigint
  win: bigint
  choice: string
  draws: string
  outcome: string
  /** For the audit log, where a round is large enough to stand in it. */
  requestId?: string
}

export type Settled = {
  item: number
  code: string
  transfer: bigint
  game: string
  version: string
  stake: bigint
  win: bigint
  /** Null when the bet was placed before and began a round of several steps. */
  outcome: string | null
  cash: bigint
  bonus: bigint
  held: bigint
  at: Date
}

const statement = `select * from games.settle($1::smallint, $2, $3::timestamptz,
  $4::text::bigint[], $5::text::text[], $6::text::text[], $7::text::text[], $8::text::bigint[], $9::text::bigint[],
  $10::text::text[], $11::text::text[], $12::text::text[], $13::text::bigint[], $14::text::text[], $15::text::int[],
  $16::text::text[], $17::text::int[], $18::text::bigint[], $19::text::text[], $20::text::uuid[], $21::text::text[], $22::text::text[], $23::text::bigint[])`

/** Settles bets of different wallets in one statement, which is one transaction. */
export async function settle(
  reader: Reader,
  lease: Lease,
  at: Date,
  bets: readonly Bet[],
  pace: Pace,
): Promise<Settled[]> {
  const legs = bets.flatMap((bet, index) => [
    { bet, index, source: 'cash', target: 'games.revenue', amount: bet.stake },
    ...(bet.win > 0n ? [{ bet, index, source: 'games.revenue', target: 'cash', amount: bet.win }] : []),
  ])
  return await reader.unsafe<Settled[]>(
    statement,
    [
      lease.lane,
      lease.holder,
      at,
      numberArray(bets.map((bet) => bet.wallet)),
      textArray(bets.map((bet) => bet.session)),
      textArray(bets.map((bet) => bet.game)),
      textArray(bets.map((bet) => bet.version)),
      numberArray(bets.map((bet) => bet.stake)),
      numberArray(bets.map((bet) => bet.win)),
      textArray(bets.map((bet) => bet.choice)),
      textArray(bets.map((bet) => bet.draws)),
      textArray(bets.map((bet) => bet.outcome)),
      numberArray(bets.map((bet) => bet.cap)),
      textArray(pace.games),
      numberArray(pace.ms),
      textArray(pace.sole),
      numberArray(legs.map(({ index }) => index + 1)),
      numberArray(legs.map(({ bet }) => bet.wallet)),
      textArray(legs.map(({ bet }) => bet.key)),
      textArray(legs.map(({ bet }) => bet.payloadHash)),
      textArray(legs.map((leg) => leg.source)),
      textArray(legs.map((leg) => leg.target)),
      numberArray(legs.map((leg) => leg.amount)),
    ],
    { prepare: true },
  )
}
