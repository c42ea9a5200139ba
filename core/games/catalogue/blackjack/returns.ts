import { add, type Fraction, fraction, multiply, subtract, toNumber } from '../../fraction.ts'
import type { Spread } from '../../game.ts'

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

/**
 * The chances that a round returns anything and that four hands are doubled and won, and the mean of the square of what a round wins or loses, per unit
 * staked first: the part that comes with each open card, with the best play, to fifteen digits. `expectation/odds.ts` counts them exactly, out of one
 * shoe, in up to some minutes per card, against small cards, and twelve against a seven, where hands of small cards are longest; tests hold them.
 */
export const oddsByUp: Readonly<Record<number, { hit: string; top: string; square: string }>> = {
  1: { hit: '0.0308169838262117', top: '0.00000000000000', square: '0.0715179166860143' },
  2: { hit: '0.0431120034000951', top: '1.04598943896937e-8', square: '0.106883594967668' },
  3: { hit: '0.0439802289631088', top: '9.80574228672876e-8', square: '0.122132760882244' },
  4: { hit: '0.0449142819819211', top: '1.05943887997935e-7', square: '0.128491559051535' },
  5: { hit: '0.0459120504147706', top: '2.12185734983548e-7', square: '0.138407140495765' },
  6: { hit: '0.0468927644043148', top: '2.07859386907598e-7', square: '0.138013251458154' },
  7: { hit: '0.0464509741212506', top: '6.45233659770234e-9', square: '0.0985939932383949' },
  8: { hit: '0.0432336982759721', top: '1.38163934917926e-9', square: '0.0957107751219446' },
  9: { hit: '0.0432375297185301', top: '1.52688852186795e-9', square: '0.0923290521596910' },
  10: { hit: '0.165369127339324', top: '2.90550911422498e-10', square: '0.313192743084169' },
}

/** The decimals are summed as they stand: nothing is rounded after them. */
const sumOf = (figure: 'hit' | 'top' | 'square') =>
  Object.values(oddsByUp)
    .map((each) => exactly(each[figure]))
    .reduce(add)

export const odds = { hit: toNumber(sumOf('hit')), top: toNumber(sumOf('top')) }

const squares = sumOf('square')

/** Of the return less whatever was staked besides, per unit staked first. */
export const spread: Spread = {
  mean: rtp,
  variance: subtract(squares, multiply(subtract(rtp, fraction(1)), subtract(rtp, fraction(1)))),
}

/** `1.04598943896937e-8` as the fraction it is. */
function exactly(digits: string): Fraction {
  const [mantissa, exponent = '0'] = digits.split('e') as [string, string?]
  const [whole, decimals = ''] = mantissa.split('.') as [string, string?]
  return fraction(BigInt(whole + decimals), 10n ** BigInt(decimals.length - Number(exponent)))
}
