import { fraction } from '../../fraction.ts'
import { type Class, classes } from './hand.ts'

/** What each class pays for one staked, at every stake: nine for a full house, six for a flush. */
export const pays: Readonly<Record<Class, number>> = {
  'royal-flush': 800,
  'straight-flush': 50,
  'four-of-a-kind': 25,
  'full-house': 9,
  flush: 6,
  straight: 4,
  'three-of-a-kind': 3,
  'two-pair': 2,
  'jacks-or-better': 1,
  nothing: 0,
}

/** How often each comes with the best play, of 2,598,960 deals times 5 * C(47, 5) draws, as `exact/` counts them in some seconds. */
export const counts: Readonly<Record<Class, number>> = {
  'royal-flush': 493_512_264,
  'straight-flush': 2_178_883_296,
  'four-of-a-kind': 47_093_167_764,
  'full-house': 229_475_482_596,
  flush: 219_554_786_160,
  straight: 223_837_565_784,
  'three-of-a-kind': 1_484_003_070_324,
  'two-pair': 2_576_946_164_148,
  'jacks-or-better': 4_277_372_890_968,
  nothing: 10_872_274_993_896,
}

export const total = classes.reduce((sum, name) => sum + counts[name], 0)

export const rtp = fraction(
  classes.reduce((sum, name) => sum + BigInt(counts[name]) * BigInt(pays[name]), 0n),
  total,
)
