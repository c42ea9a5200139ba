import type { Command, Tx } from '#base'
import { gameHere } from '../catalogue.ts'
import { add, type Fraction, fraction, multiply } from '../fraction.ts'
import { settledSeconds } from '../policy.ts'
import { addRisks, noRisks, type Risks } from '../risk.ts'
import { levelOf } from './bound.ts'

/** So much time is counted in one transaction at most: what a worker missed for days is made up in pieces. */
const spanSeconds = 3600

/** So many are in memory at once: every round of several steps is one. */
const groupsPerRead = 1000

/** Rounds of one choice, or one round of several steps. */
type Group = {
  game: string
  version: string
  currency: string
  choice: string
  day: string
  rounds: number
  staked: string
  won: string
  outcome: string | null
}

type Counted = {
  rounds: bigint
  staked: bigint
  won: bigint
  returned: bigint
  expected: Fraction
  variance: Fraction
  known: boolean
  risks: Risks
  gambles: bigint
  gambled: bigint
  gamblesWon: bigint
  gambleWins: bigint
}

/** Counts what was played since the last time; answers whether there is more to count. A round is read once, by its time. */
export async function countReturns(tx: Tx, { now }: Pick<Command, 'now'>): Promise<{ more: boolean }> {
  const [row] = await tx<Array<{ until: Date }>>`select until from games.counted for update`
  const from = row!.until
  const settled = now.getTime() - settledSeconds * 1000
  const until = new Date(Math.min(settled, from.getTime() + spanSeconds * 1000))
  if (until <= from) return { more: false }
  await tx`update games.counted set until = ${until}`
  const sums: Keyed = new Map()
  const groups = tx<Group[]>`
    select r.game, r.version, w.currency, r.choice, to_char(r.at at time zone 'UTC', 'YYYY-MM-DD') as day,
      count(*)::int as rounds, sum(r.stake)::text as staked, sum(r.win)::text as won, case when r.steps is not null then r.outcome end as outcome
    from games.rounds r join ledger.wallets w on w.wallet = r.wallet
    where r.at >= ${from} and r.at < ${until}
    group by r.game, r.version, w.currency, r.choice, day, case when r.steps is not null then r.transfer end, case when r.steps is not null then r.outcome end`
  for await (const some of groups.cursor(groupsPerRead)) addUp(sums, some)
  await keep(tx, sums)
  return { more: until.getTime() < settled }
}

type Keyed = Map<string, Counted & Pick<Group, 'game' | 'version' | 'currency' | 'day'> & { level: bigint }>

function addUp(sums: Keyed, groups: readonly Group[]): void {
  for (const group of groups) {
    const { game, version, currency, day } = group
    const { level, ...counted } = count(group)
    const name = [game, version, currency, day, level].join('|')
    const before = sums.get(name)
    sums.set(name, { game, version, currency, day, level, ...(before ? plus(before, counted) : counted) })
  }
}

function count({
  game: id,
  version,
  choice: text,
  rounds: many,
  staked,
  won,
  outcome,
}: Group): Counted & { level: bigint } {
  const rounds = BigInt(many)
  const sums = { rounds, staked: BigInt(staked), won: BigInt(won) }
  const none = { risks: noRisks, gambles: 0n, gambled: 0n, gamblesWon: 0n, gambleWins: 0n }
  const game = gameHere(id, version)
  if (!game?.spread) {
    const level = levelOf(sums.staked / rounds)
    return { ...sums, ...none, level, returned: 0n, expected: fraction(0), variance: fraction(0), known: false }
  }
  const choice = game.reviveChoice(text)
  const first = game.stakeOf(choice)
  const { mean, variance } = game.spread(choice)
  const told = outcome === null ? undefined : (JSON.parse(outcome) as Record<string, unknown>)
  const gambled = told && game.gambled?.(told)
  const luck = gambled ?? (told && game.luck?.(choice, told)) ?? sums.won
  return {
    ...sums,
    level: levelOf(first),
    returned: luck - (sums.staked - first * rounds),
    expected: multiply(mean, fraction(rounds)),
    variance: multiply(variance, fraction(rounds)),
    known: true,
    ...none,
    risks: (told && game.risks?.(choice, told)) ?? noRisks,
    ...(gambled !== undefined && {
      gambles: 1n,
      gambled,
      gamblesWon: sums.won > gambled ? 1n : 0n,
      gambleWins: sums.won,
    }),
  }
}

function plus(a: Counted, b: Counted): Counted {
  return {
    rounds: a.rounds + b.rounds,
    staked: a.staked + b.staked,
    won: a.won + b.won,
    returned: a.returned + b.returned,
    expected: add(a.expected, b.expected),
    variance: add(a.variance, b.variance),
    known: a.known && b.known,
    risks: addRisks(a.risks, b.risks),
    gambles: a.gambles + b.gambles,
    gambled: a.gambled + b.gambled,
    gamblesWon: a.gamblesWon + b.gamblesWon,
    gambleWins: a.gambleWins + b.gambleWins,
  }
}

async function keep(tx: Tx, sums: Keyed): Promise<void> {
  const rows = [...sums.values()].map(({ risks, ...each }) => ({
    ...Object.fromEntries(
      Object.entries(each).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
    ),
    expected: decimalOf(each.expected),
    variance: decimalOf(each.variance),
    moves: String(risks.moves),
    movesStaked: String(risks.staked),
    movesReturned: String(risks.returned),
    movesExpected: decimalOf(risks.expected),
    movesVariance: decimalOf(risks.variance),
  }))
  await tx`
    insert into games.returns as r (game, version, currency, level, day, rounds, staked, won, returned, expected, variance, known,
      gambles, gambled, gambles_won, gamble_wins, moves, moves_staked, moves_returned, moves_expected, moves_variance)
    select game, version, currency, level, day, rounds, staked, won, returned, expected, variance, known,
      gambles, gambled, "gamblesWon", "gambleWins", moves, "movesStaked", "movesReturned", "movesExpected", "movesVariance"
    from jsonb_to_recordset(${tx.json(rows as never)}) as c (game text, version text, currency text, level bigint, day date, rounds bigint,
      staked numeric, won numeric, returned numeric, expected numeric, variance numeric, known boolean,
      gambles bigint, gambled numeric, "gamblesWon" bigint, "gambleWins" numeric,
      moves bigint, "movesStaked" numeric, "movesReturned" numeric, "movesExpected" numeric, "movesVariance" numeric)
    on conflict (game, version, currency, level, day) do update set
      rounds = r.rounds + excluded.rounds, staked = r.staked + excluded.staked, won = r.won + excluded.won,
      returned = r.returned + excluded.returned, expected = r.expected + excluded.expected, variance = r.variance + excluded.variance,
      known = r.known and excluded.known, gambles = r.gambles + excluded.gambles, gambled = r.gambled + excluded.gambled,
      gambles_won = r.gambles_won + excluded.gambles_won, gamble_wins = r.gamble_wins + excluded.gamble_wins,
      moves = r.moves + excluded.moves, moves_staked = r.moves_staked + excluded.moves_staked, moves_returned = r.moves_returned + excluded.moves_returned,
      moves_expected = r.moves_expected + excluded.moves_expected, moves_variance = r.moves_variance + excluded.moves_variance`
}

/** To six places of a minor unit: a sum that is held against a standard deviation needs no more. */
function decimalOf({ n, d }: Fraction): string {
  const scaled = ((n * 1_000_000n) / d).toString().padStart(7, '0')
  return `${scaled.slice(0, -6)}.${scaled.slice(-6)}`
}
