import { act, make } from './elements.ts'
import { openFeatures } from './features.ts'
import { showHold } from './hold.ts'
import { minorOf } from './money.ts'
import { calm, countUp } from './motion.ts'
import { drawPaytable } from './paytable.ts'
import { photographed } from './photograph.ts'
import { drawReels, type Picture } from './reels.ts'
import type { Scene, Table } from './scene.ts'
import {
  type Board,
  partsOf,
  placesOf,
  type SlotOutcome,
  type SlotSheet,
  type Spin,
  symbolsOf,
  waysOf,
} from './slot.ts'
import { drawStake } from './stake.ts'
import { capital } from './words.ts'

/** A video slot: its sheet says what turns and what pays, `symbol` how it looks. */
export function openMachine(table: Table<SlotSheet, SlotOutcome>, symbol: Picture): Scene<SlotOutcome> {
  const { patience, stage, controls, show } = table
  const { sheet } = table.facts
  const parts = partsOf(sheet)
  const symbols = symbolsOf(sheet)
  let paid = 0n
  let won = 0n
  let shown = ''

  const stake = drawStake(table as never, { step: parts })
  const reels = drawReels(symbols, sheet.rows, photographed(symbol, symbols.flat()))
  const paytable = drawPaytable(sheet, symbol, {
    part: (times) => show((BigInt(times) * stake.value) / parts),
    stake: (times) => show(BigInt(times) * stake.value),
  })
  const marquee = make('p', { class: 'marquee' })
  const curtain = make('div', { class: 'curtain', hidden: '' })
  const winMeter = make('output', { id: 'win' })
  const features = openFeatures(table, symbol, { lift, meter, tell: marquee.replaceChildren.bind(marquee) })
  const frame = make('div', { class: 'frame' }, reels.element, features.element, curtain)
  stage.append(make('div', { class: 'machine', 'data-reels': String(symbols.length) }, marquee, frame))
  controls.append(
    act('Paytable', { class: 'pays-button' }, paytable.open),
    stake.element,
    ...features.controls,
    make('p', { class: 'meter' }, 'Win', winMeter),
    paytable.dialog,
  )
  idle()
  meter(0n)

  return {
    verbs: { play: 'Spin', hurry: 'Stop' },
    invitation: '',
    choice: () => ({ stake: stake.amount, ...features.choice() }),
    paint(state, round) {
      stake.paint(state === 'ready', round && state !== 'ready' ? minorOf(round.stake) : undefined)
      features.paint(state, round as never)
    },
    words: () => '',
    async show(round, resumed) {
      paid = minorOf(round.stake)
      if (round.round !== shown) begin()
      if (resumed) leave(round.outcome.base)
      else if (round.round !== shown) await showPlayed(round.outcome)
      shown = round.round
      await features.show(round)
      if (round.moves) return
      meter(minorOf(round.win))
      idle()
    },
  }

  function begin(): void {
    reels.clear()
    features.begin()
    meter(0n)
  }

  /** All that was drawn at once; what waits for the player comes after it. */
  async function showPlayed({ base, free, hold }: SlotOutcome): Promise<void> {
    await showSpin(base, 1)
    if (free.length > 0) await showFreeSpins(free)
    if (!hold) return
    const last = base.falls?.at(-1)?.window ?? base.window
    if (free.length > 0) reels.set(last)
    await showHold(hold, sheet, {
      reels,
      symbol,
      patience,
      lift,
      tell: marquee.replaceChildren.bind(marquee),
      worth,
      bring,
    })
  }

  /** As a spin left the window, for who comes back to a round that waits. */
  function leave(spin: Spin): void {
    const { window } = spin.falls?.at(-1) ?? spin
    reels.set(window)
    stage.setAttribute('data-window', reels.say(window))
  }

  async function showFreeSpins(spins: readonly Spin[]): Promise<void> {
    const {
      from,
      count,
      multiplier,
      totalMax = Number.POSITIVE_INFINITY,
    } = sheet.freeSpins as NonNullable<SlotSheet['freeSpins']>
    let awarded = count
    document.body.dataset.free = 'yes'
    marquee.replaceChildren(make('strong', {}, 'Free spins'))
    await lift(`${count} free spins`, `Every win counts ${multiplier} times`)
    for (const [index, spin] of spins.entries()) {
      marquee.replaceChildren(
        make('strong', {}, `Free spin ${index + 1} of ${awarded}`),
        make('span', {}, `× ${multiplier}`),
      )
      await showSpin(spin, multiplier)
      if (spin.scatters < from || awarded + count > totalMax) continue
      awarded += count
      await lift(`${count} more free spins`, `${awarded} in all`)
    }
    await lift('Free spins are over', `${show(won)} in this round`)
    document.body.dataset.free = 'no'
    idle()
  }

  async function showSpin(spin: Spin, multiplier: number): Promise<void> {
    patience.begin()
    table.say('')
    await reels.roll(spin.window, patience)
    stage.setAttribute('data-window', reels.say(spin.window))
    await showLines(spin, multiplier)
    await showFalls(spin, multiplier)
    const scatterTimes = sheet.scatterPays?.[spin.scatters] ?? 0
    if (sheet.scatter && spin.scatters >= (sheet.freeSpins?.from ?? Number.POSITIVE_INFINITY)) {
      const amount = BigInt(scatterTimes) * paid * BigInt(multiplier)
      reels.clear()
      reels.lightSymbol(sheet.scatter)
      await bring(`${spin.scatters} × ${capital(sheet.scatter)} anywhere, ${show(amount)}`, amount)
    }
    const lines = spin.lineWins ?? []
    if (lines.length > 1) for (const win of lines) reels.lightLine(sheet.lines?.[win.line] ?? [], win.count)
    await patience.pause(calm ? 30 : 220)
  }

  async function showLines({ lineWins = [] }: Board, multiplier: number): Promise<void> {
    for (const win of lineWins) {
      const amount = worthOfParts(win.times, multiplier)
      reels.clear()
      reels.lightLine(sheet.lines?.[win.line] ?? [], win.count)
      await bring(`Line ${win.line + 1}: ${win.count} × ${capital(win.symbol)}, ${show(amount)}`, amount)
    }
  }

  /** What wins by ways is told at once; where the sheet lets it, what won sinks and what falls may win again, at a higher rung. */
  async function showFalls(spin: Spin, multiplier: number): Promise<void> {
    const boards = [{ ...spin, multiplier: 1 }, ...(spin.falls ?? [])]
    for (const [index, board] of boards.entries()) {
      if (index > 0) await reels.fall(placesOf(sheet, boards[index - 1] as Board), board.window, patience)
      const { wayWins = [] } = board
      if (wayWins.length === 0) continue
      const amount = wayWins.reduce((sum, { times }) => sum + worthOfParts(times, multiplier * board.multiplier), 0n)
      reels.light(placesOf(sheet, board))
      const names = wayWins.map(
        ({ symbol, count, ways }) => `${count} × ${capital(symbol)} in ${ways === 1 ? 'one way' : `${ways} ways`}`,
      )
      const rung = board.multiplier > 1 ? `, ${board.multiplier} times` : ''
      await bring(`${names.join('; ')}${rung}: ${show(amount)}`, amount)
    }
    if (spin.falls) stage.setAttribute('data-window', reels.say(boards.at(-1)?.window ?? []))
  }

  function worthOfParts(times: number, multiplier: number): bigint {
    return (BigInt(times) * paid * BigInt(multiplier)) / parts
  }

  function worth(times: number): bigint {
    return BigInt(times) * paid
  }

  /** Says what was won and adds it to the meter. */
  async function bring(words: string, amount: bigint): Promise<void> {
    table.say(words)
    const from = won
    const quick = patience.hurried || !stage.classList.contains('ahead')
    await Promise.all([countUp(from, from + amount, quick ? 0 : 500, meter), patience.pause(calm ? 60 : 750)])
  }

  /** A word over the reels between two parts of the round. */
  async function lift(title: string, words: string): Promise<void> {
    patience.begin()
    curtain.replaceChildren(make('strong', {}, title), make('span', {}, words))
    curtain.hidden = false
    table.say(`${title}. ${words}.`)
    await patience.pause(calm ? 300 : 1700)
    curtain.hidden = true
  }

  function meter(amount: bigint): void {
    won = amount
    winMeter.textContent = show(amount)
  }

  function idle(): void {
    const { lines, freeSpins, scatter, hold, pick, cascade } = sheet
    const words = [
      lines ? `${lines.length} lines` : `${waysOf(sheet)} ways`,
      ...(cascade ? [`wins in a row count ${cascade.ladder.join(', ')} times`] : []),
      ...(freeSpins && scatter
        ? [`${freeSpins.from === 3 ? 'three' : freeSpins.from} ${capital(scatter)}s bring free spins`]
        : []),
      ...(hold ? [`${hold.from} ${capital(hold.symbol)}s are held`] : []),
      ...(pick ? [`${pick.from} ${capital(pick.symbol)}s bring boxes`] : []),
    ]
    marquee.replaceChildren(make('span', {}, words.join(' · ')))
  }
}
