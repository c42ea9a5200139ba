import { act, make } from './elements.ts'
import { minorOf } from './money.ts'
import { calm, countUp } from './motion.ts'
import { drawPaytable, type SlotSheet } from './paytable.ts'
import { drawReels, type Picture } from './reels.ts'
import type { Scene, Table } from './scene.ts'
import { drawStake } from './stake.ts'
import { capital } from './words.ts'

type LineWin = { line: number; symbol: string; count: number; times: number }
type Spin = { window: string[][]; lineWins: LineWin[]; scatters: number; win: string }
export type SlotOutcome = { base: Spin; free: Spin[] }

/** A video slot: its sheet says what turns and what pays, `symbol` how it looks. */
export function openMachine(table: Table<SlotSheet, SlotOutcome>, symbol: Picture): Scene<SlotOutcome> {
  const { patience, stage, controls, show } = table
  const { sheet } = table.facts
  const lineCount = BigInt(sheet.lines.length)
  let paid = 0n
  let won = 0n

  const stake = drawStake(table as never, { step: lineCount })
  const reels = drawReels(sheet.strips, sheet.lines, symbol)
  const paytable = drawPaytable(
    sheet,
    symbol,
    (times) => show((BigInt(times) * stake.value) / lineCount),
    (times) => show(BigInt(times) * stake.value),
  )
  const marquee = make('p', { class: 'marquee' })
  const curtain = make('div', { class: 'curtain', hidden: '' })
  const winMeter = make('output', { id: 'win' })
  stage.append(make('div', { class: 'machine' }, marquee, make('div', { class: 'frame' }, reels.element, curtain)))
  controls.append(
    act('Paytable', { class: 'pays-button' }, paytable.open),
    stake.element,
    make('p', { class: 'meter' }, 'Win', winMeter),
    paytable.dialog,
  )
  idle()
  meter(0n)

  return {
    verbs: { play: 'Spin', hurry: 'Stop' },
    invitation: '',
    choice: () => ({ stake: stake.amount }),
    paint: (state) => stake.paint(state === 'ready'),
    words: () => '',
    async show({ outcome, stake, win }) {
      reels.clear()
      meter(0n)
      paid = minorOf(stake)
      await showSpin(outcome.base, 1)
      if (outcome.free.length > 0) await showFreeSpins(outcome.free)
      meter(minorOf(win))
    },
  }

  async function showFreeSpins(spins: readonly Spin[]): Promise<void> {
    const { from, count, multiplier, totalMax } = sheet.freeSpins
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
    const scatterTimes = sheet.scatterPays[spin.scatters] ?? 0
    for (const win of spin.lineWins) {
      const amount = (BigInt(win.times) * paid * BigInt(multiplier)) / lineCount
      reels.clear()
      reels.light(win.line, win.count)
      await bring(`Line ${win.line + 1}: ${win.count} × ${capital(win.symbol)}, ${show(amount)}`, amount)
    }
    if (spin.scatters >= sheet.freeSpins.from) {
      const amount = BigInt(scatterTimes) * paid * BigInt(multiplier)
      reels.clear()
      reels.lightSymbol(sheet.scatter)
      await bring(`${spin.scatters} × ${capital(sheet.scatter)} anywhere, ${show(amount)}`, amount)
    }
    if (spin.lineWins.length > 1) for (const win of spin.lineWins) reels.light(win.line, win.count)
    await patience.pause(calm ? 30 : 220)
  }

  /** Says what a line brings and adds it to the meter. */
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
    marquee.replaceChildren(make('span', {}, `${lineCount} lines · three ${capital(sheet.scatter)}s bring free spins`))
  }
}
