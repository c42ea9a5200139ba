import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { odds } from '../../../core/games/catalogue/blackjack/returns.ts'
import { evenChances } from '../../../core/games/catalogue/roulette/layout.ts'
import { awardsOf } from '../../../core/games/slots/awards.ts'
import { bets, figures, type Row } from './bets.ts'

/** What the rules tell of returns and odds, held in each language against what enumeration finds. */
const rtpMin = games.fraction(3, 4)
const toldFrom = 100_000_000n
const languages = ['en', 'de', 'es', 'fr'] as const
type Language = (typeof languages)[number]

/** How each language says that something comes once in so many, and how often. */
const onceIn: Record<Language, RegExp> = {
  en: /\b(?:once in|1 in) ([\d,]*\d)/g,
  de: /\beinmal in ([\d.]*\d)/g,
  es: /\buna vez (?:cada|en) ([\d.]*\d)/g,
  fr: /\bune fois sur ([\d\s]*\d)/g,
}
const decimalMark: Record<Language, string> = { en: '.', de: ',', es: ',', fr: ',' }

const rowsOf = new Map<string, Row[]>(bets.map(([id, rows]) => [id, rows]))
const slots = games.catalogue().filter(({ kind }) => kind === 'slot')

test.each(bets)('every bet of %s returns 75 % or more [GLI-4.7.1a]', (id, rows) => {
  for (const { bet, returns } of rows) {
    const { rtp } = figures(returns)
    expect(rtp.n * rtpMin.d >= rtpMin.n * rtp.d, `${id}, ${bet}`).toBe(true)
  }
})

describe.each(games.catalogue())('of $id', (game) => {
  test.each(languages)('the odds that the rules tell are those of its awards, in %s [GLI-4.7.3]', (language) => {
    expect(oddsTold(game, language)).toEqual(oddsFound(game))
    if (game.kind !== 'slot') return
    const figure = new Intl.NumberFormat(language, { maximumFractionDigits: 4 })
    for (const { times } of parOf(game).awards)
      expect(game.rules[language].join(' ')).toMatch(new RegExp(`\\b${figure.format(games.toNumber(times))}\\b`))
  })

  test.each(languages)('the returns that the rules tell are those of its bets, in %s [GLI-4.7.1a]', (language) => {
    expect(percentsTold(game, language)).toEqual(percentsFound(game))
    expect(fractionsTold(game, language)).toEqual(fractionsFound(game))
  })

  test('no highest award is rarer than one in 100 million without being told [GLI-4.7.3]', () => {
    const told = oddsTold(game, 'en')
    for (const rare of highest(game).filter((each) => each > toldFrom)) expect(told).toContain(rare)
  })
})

test('the odds of a slot as its sheet has them are those told', () => {
  for (const slot of slots) {
    const { awards } = slot.sheet.returns as { awards: Array<{ oneIn: string }> }
    expect(awards.map(({ oneIn }) => BigInt(oneIn))).toEqual(oddsFound(slot))
  }
})

test('one slot has an award so rare that it must be told', () => {
  expect(slots.flatMap(highest).some((oneIn) => oneIn > toldFrom)).toBe(true)
})

function oddsTold({ rules }: games.Game, language: Language): bigint[] {
  return [...rules[language].join(' ').matchAll(onceIn[language])].map(([, digits]) =>
    BigInt(digits!.replace(/\D/g, '')),
  )
}

/** With the decimals they are told with. */
function percentsTold({ rules }: games.Game, language: Language): string[] {
  return [...rules[language].join(' ').matchAll(/\d+(?:[.,]\d+)?(?=\s?%)/g)].map(([figure]) => {
    expect(figure, 'as the language writes decimals').not.toContain(decimalMark[language] === '.' ? ',' : '.')
    return figure.replace(',', '.')
  })
}

/** Returns told as a fraction, such as 36/37; `36/n` is a rule of pays. */
function fractionsTold({ rules }: games.Game, language: Language): games.Fraction[] {
  return [...rules[language].join(' ').matchAll(/\b(\d+)\/(\d+)\b/g)].map(([, n, d]) =>
    games.fraction(BigInt(n!), BigInt(d!)),
  )
}

/** Of a wheel: what most bets return, and what some do instead, the even chances before and the basket after it. */
function fractionsFound({ id }: games.Game): games.Fraction[] {
  if (!id.startsWith('roulette')) return []
  const found = rowsOf.get(id)!.map(({ bet, returns }) => ({ bet, rtp: figures(returns).rtp }))
  const even = new Set(evenChances)
  const wheel = found.filter(({ bet }) => !even.has(bet) && !bet.startsWith('basket'))
  const groups = [found.filter(({ bet }) => even.has(bet)), wheel, found.filter(({ bet }) => bet.startsWith('basket'))]
  const told: games.Fraction[] = []
  for (const group of groups.filter((each) => each.length > 0)) {
    const [first] = group as [(typeof group)[0]]
    for (const { bet, rtp } of group) expect(rtp, bet).toEqual(first.rtp) // so that one figure may stand for all
    if (JSON.stringify(told.at(-1), text) !== JSON.stringify(first.rtp, text)) told.push(first.rtp)
  }
  return told
}

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)

/** One in how many rounds each award comes whose odds are told, in the order of the rules. */
function oddsFound(game: games.Game): bigint[] {
  if (game.kind === 'slot') return awardsFound(game)
  if (game.id === 'jacks-or-better') return [oneIn(...topOf('jacks-or-better', 'best play'))]
  // Of the edges of sixteen rows, which pay alike, one.
  if (game.id === 'plinko') return [oneIn(...topOf('plinko', '16 rows, high')) * 2n]
  return []
}

function percentsFound(game: games.Game): string[] {
  const percent = (value: games.Fraction) => games.showPercent(value).replace(' %', '')
  const found = (rows: readonly Row[]) => rows.map(({ returns }) => figures(returns).rtp)
  if (game.kind === 'slot') {
    const { rtp, shares } = parOf(game)
    const parts = [shares.wins, shares.scatters, shares.freeSpins, shares.hold, shares.pick].filter(({ n }) => n > 0n)
    const gamble = 'gamble' in game.sheet ? ['100'] : []
    return [...gamble, ...[rtp, ...parts].map(percent)]
  }
  const rows = rowsOf.get(game.id)!
  if (game.id === 'blackjack') return [percent(game.rtp), ...found(rows).map(percent)] // of the first stake, of insurance
  if (game.id === 'baccarat') {
    const [player, banker, tie] = found(rows).map(percent)
    return ['5', banker!, player!, tie!]
  }
  if (game.id === 'jacks-or-better') return found(rows).map(percent)
  if (game.id.startsWith('roulette')) return [] // told as fractions
  const whole = (value: games.Fraction) => String(Math.round(games.toNumber(value) * 10_000) / 100)
  if (game.id !== 'mines') return [...new Set(found(rows).map(whole))]
  const all = found(rows).map((value) => games.toNumber(value) * 100)
  return [String(Math.floor(Math.min(...all))), String(Math.ceil(Math.max(...all)))]
}

/** One in how many rounds the highest award of each bet comes. */
function highest(game: games.Game): bigint[] {
  if (game.kind === 'slot') return awardsFound(game)
  const hands = game.id === 'blackjack' ? [BigInt(Math.round(1 / odds.top))] : []
  return [...hands, ...rowsOf.get(game.id)!.map(({ bet }) => oneIn(...topOf(game.id, bet)))]
}

const pars = new Map<string, ReturnType<typeof enumerate>>()

function parOf(slot: games.Game) {
  if (!pars.has(slot.id)) pars.set(slot.id, enumerate(slot))
  return pars.get(slot.id)!
}

function enumerate({ sheet }: games.Game) {
  const { returns: _told, ...slot } = sheet as unknown as games.SlotSheet & { returns: unknown }
  const cycle = games.cycleOf(slot as games.SlotSheet)
  const found = games.par(slot as games.SlotSheet, cycle)
  return { ...found, awards: awardsOf(slot as games.SlotSheet, cycle, found) }
}

function awardsFound(game: games.Game): bigint[] {
  return parOf(game).awards.map(({ chance: { n, d } }) => oneIn(n, d))
}

function topOf(id: string, bet: string): readonly [bigint, bigint] {
  return figures(rowsOf.get(id)!.find((row) => row.bet === bet)!.returns).top.chance
}

/** Rounded to the next whole round. */
function oneIn(ways: bigint, all: bigint): bigint {
  return (all * 2n + ways) / (ways * 2n)
}
