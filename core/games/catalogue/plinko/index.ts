import { choiceInvalid } from '../../errors.ts'
import { fraction } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { spreadOf } from '../../spread.ts'
import { fieldsOf, readStake, reviveStaked, timesOf, writeStaked } from '../../stake.ts'
import { binomials, bucketOf, pays } from './pays.ts'
import { rules } from './rules.ts'

type Rows = keyof typeof pays
type Risk = keyof (typeof pays)[Rows]
type Choice = { stake: bigint; rows: Rows; risk: Risk }

/** Of each row from the top whether the ball went right (1) or left (0), the bucket from the left, its pay in hundredths of the stake. */
type PlinkoOutcome = { path: number[]; bucket: number; times: number }

const step = 50n // every pay is an even number of hundredths
const stakeMin = 50n
const stakeMax = 10_000n

/** A ball falls over pegs, left or right at each; every table of pays returns exactly 99/100. */
export const plinko: Game<Choice> = {
  id: 'plinko',
  name: 'Plinko',
  kind: 'instant',
  version: versionOf({ game: 'plinko', pays }),
  rtp: fraction(99, 100),
  stakeMin,
  stakeMax,
  winMax: timesOf(stakeMax, Math.max(...Object.values(pays).flatMap((risks) => Object.values(risks).flat()))),
  sheet: { pays },
  rules,
  sample: { stake: '1.00', rows: 16, risk: 'medium' },
  readChoice(input, currency) {
    const { stake, rows, risk } = fieldsOf(input, ['stake', 'rows', 'risk'])
    if (rows !== 8 && rows !== 12 && rows !== 16) throw choiceInvalid('Choose 8, 12 or 16 rows.')
    if (risk !== 'low' && risk !== 'medium' && risk !== 'high') throw choiceInvalid('Choose low, medium or high risk.')
    return { stake: readStake(stake, currency, { min: stakeMin, max: stakeMax, step }), rows, risk }
  },
  stakeOf: ({ stake }) => stake,
  play({ stake, rows, risk }, draws) {
    const path = Array.from({ length: rows }, () => draws(2, 'peg'))
    const bucket = bucketOf(path)
    const times = pays[rows][risk][bucket]!
    const outcome: PlinkoOutcome = { path, bucket, times }
    return { outcome, win: timesOf(stake, times) }
  },
  returns: ({ stake, rows, risk }) =>
    binomials(rows).map((ways, bucket) => [ways, timesOf(stake, pays[rows][risk][bucket]!)]),
  spread(choice) {
    return spreadOf(this.returns!(choice))
  },
  writeChoice: writeStaked,
  reviveChoice: reviveStaked,
}
