import { add, type Fraction, fraction, multiply, subtract, toNumber } from '../../fraction.ts'
import type { Spread } from '../../game.ts'
import type { Odds } from './expectation/odds.ts'
import { oddsByUp } from './odds-by-up.ts'

/**
 * What the shipped house returns beyond the stake, by the dealer's open card, times its chance: exactly, as `expectation/` computes it in
 * some seconds per card. Tests compute some of it again, the benchmark of games all of it.
 */
export const valuesByUp: Readonly<Record<number, Fraction>> = Object.fromEntries(
  Object.entries({
    1: ['-369434813021097696794448265281199873203202', '14101432941991812529983546881678739430539375'],
    2: ['101301639313238171061819691351846707517064', '14101432941991812529983546881678739430539375'],
    3: ['8105823450696946909642042467352981606039', '829496055411283089999032169510514084149375'],
    4: ['561737800018816929854781038907055331', '44657786503608877224099285014967513750'],
    5: ['60092704333500110056601537308687978', '3829603997263554138711419474104524375'],
    6: ['11549754117529539496590688432426', '634833460974713979321331799435625'],
    7: ['6469733714242229314447820905898405723382787', '578158750621664313729325422148828316652114375'],
    8: ['2591139978415454104726961939708927', '577063616026015007203090605686983125'],
    9: ['-260215191717403629010356608640358921', '84251287939798191051651228430299536250'],
    10: ['-103254980018350613914385043566792', '1969500395993225280556623227600625'],
  }).map(([up, [n, d]]) => [up, fraction(BigInt(n!), BigInt(d!))]),
)

export const rtp = Object.values(valuesByUp).reduce(add, fraction(1))

const sumOf = (figure: keyof Odds) =>
  Object.values(oddsByUp)
    .map((each) => each[figure])
    .reduce(add)

export const odds = { hit: toNumber(sumOf('hit')), top: toNumber(sumOf('top')) }

const squares = sumOf('square')

/** Of the return less whatever was staked besides, per unit staked first. */
export const spread: Spread = {
  mean: rtp,
  variance: subtract(squares, multiply(subtract(rtp, fraction(1)), subtract(rtp, fraction(1)))),
}
