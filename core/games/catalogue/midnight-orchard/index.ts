import { type Currency, readPositiveMoney, showMoney } from '#base'
import { choiceInvalid, stakeOutOfBounds } from '../../errors.ts'
import { showPercent } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { par } from '../../par.ts'
import { playSlot, type Spin } from '../../slot.ts'
import { sheet } from './sheet.ts'

type Choice = { stake: bigint }

const lines = BigInt(sheet.lines.length)
const stakeMin = lines // one minor unit per line
const stakeMax = 10_000n
const returns = par(sheet)
const bestSpinTimes = 3000n * lines + 50n * lines // every line at its best, and the most scatters; more than can be

export const midnightOrchard: Game<Choice> = {
  id: 'midnight-orchard',
  name: 'Midnight Orchard',
  kind: 'slot',
  version: versionOf({ engine: 1, sheet }),
  rtp: returns.rtp,
  stakeMin,
  stakeMax,
  winMax: (stakeMax / lines) * bestSpinTimes * (1n + 2n * 100n),
  sheet: {
    ...sheet,
    returns: {
      lines: showPercent(returns.linePays),
      scatters: showPercent(returns.scatterPays),
      freeSpins: showPercent(returns.featurePays),
      featureChance: showPercent(returns.featureChance),
    },
  },
  rules: {
    en: [
      `Twenty lines pay from the left; on each line the highest win counts. Line pays are times the stake per line, a twentieth of the stake.`,
      'Lantern stands for every symbol but Moon. Moon pays anywhere, times the whole stake.',
      'Three Moons or more bring ten free spins at twice the pay. Three Moons in a free spin bring ten more, up to a hundred in all.',
      `The theoretical return to the player is ${showPercent(returns.rtp)}, computed by enumerating every stop of the reels: lines ${showPercent(returns.linePays)}, Moons ${showPercent(returns.scatterPays)}, free spins ${showPercent(returns.featurePays)}. It is the same at every stake, and no choice of the player changes it.`,
      'The whole round, free spins included, is drawn and settled by the server before you see it. If the connection is lost, the round is settled all the same; you find it in your history.',
    ],
  },
  sample: { stake: '1.00' },
  readChoice,
  stakeOf: ({ stake }) => stake,
  play({ stake }, draws) {
    const round = playSlot(sheet, draws)
    const perLine = stake / lines
    const winOf = (spin: Spin, multiplier: bigint) =>
      (BigInt(spin.lineTimes) * perLine + BigInt(spin.scatterTimes) * stake) * multiplier
    const multiplier = BigInt(sheet.freeSpins.multiplier)
    const base = winOf(round.base, 1n)
    const free = round.free.map((spin) => winOf(spin, multiplier))
    return {
      outcome: {
        base: { ...shown(round.base), win: base.toString() },
        free: round.free.map((spin, index) => ({ ...shown(spin), win: String(free[index]) })),
        freeAwarded: round.freeAwarded,
      },
      win: free.reduce((sum, win) => sum + win, base),
    }
  },
  writeChoice: ({ stake }) => JSON.stringify({ stake: stake.toString() }),
  reviveChoice: (text) => ({ stake: BigInt((JSON.parse(text) as { stake: string }).stake) }),
}

function shown({ stops, window, lineWins, scatters }: Spin) {
  return { stops, window, lineWins, scatters }
}

function readChoice(input: unknown, currency: Currency): Choice {
  const { stake } = (input ?? {}) as { stake?: string }
  if (typeof stake !== 'string') throw choiceInvalid('Say the stake.')
  const { amount } = readPositiveMoney({ amount: stake, currency })
  if (amount < stakeMin || amount > stakeMax || amount % lines !== 0n)
    throw stakeOutOfBounds(
      `A stake is between ${showMoney({ amount: stakeMin, currency }).amount} and ${showMoney({ amount: stakeMax, currency }).amount} ${currency}, in steps of ${showMoney({ amount: lines, currency }).amount}.`,
    )
  return { stake: amount }
}
