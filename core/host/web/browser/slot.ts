import { get, send, wordsOf } from './api.ts'
import { act, byId, make } from './elements.ts'
import { type Money, minorOf, moneyOf, show } from './money.ts'
import { calm, countUp, Patience } from './motion.ts'
import { drawPaytable, type SlotSheet } from './paytable.ts'
import { drawReels } from './reels.ts'
import { refresh, showBalance } from './shell.ts'
import { forgetBet, latestRounds, noteBet, type Played, unfinishedBet } from './unfinished.ts'
import { capital } from './words.ts'

type LineWin = { line: number; symbol: string; count: number; times: number }
type Spin = { window: string[][]; lineWins: LineWin[]; scatters: number; win: string }
type Round = Played & {
  stake: Money
  win: Money
  outcome: { base: Spin; free: Spin[] }
  balance: { cash: Money }
}

const stakes = [20n, 40n, 100n, 200n, 500n, 1000n, 2000n, 5000n, 10_000n] // minor units

const game = document.querySelector<HTMLElement>('[data-game]')?.dataset.game ?? ''
const [{ sheet }, me, latest] = await Promise.all([
  get<{ sheet: SlotSheet }>(`/api/games/${game}`),
  get<{ balance: { cash: Money } }>('/api/me'),
  latestRounds<Round>(game),
])
const example = me.balance.cash
const money = (minor: bigint) => moneyOf(minor, example)
const lineCount = BigInt(sheet.lines.length)
const patience = new Patience()

let stake = 100n
let newest = latest.newest
let won = 0n

const reels = drawReels(sheet.strips, sheet.lines)
const paytable = drawPaytable(
  sheet,
  (times) => show(money((BigInt(times) * stake) / lineCount)),
  (times) => show(money(BigInt(times) * stake)),
)
const marquee = make('p', { class: 'marquee' })
const curtain = make('div', { class: 'curtain', hidden: '' })
const result = make('p', { id: 'result', class: 'result', role: 'status', 'aria-live': 'polite' })
const winMeter = make('output', { id: 'win' })
const stakeShown = make('output', { id: 'stake', 'aria-live': 'polite' })
const less = act('−', { class: 'step', 'aria-label': 'Lower stake' }, () => step(-1))
const more = act('+', { class: 'step', 'aria-label': 'Higher stake' }, () => step(1))
const spinButton = act('Spin', { class: 'primary spin', 'aria-keyshortcuts': 'Space' }, () => void play())

byId('stage').append(
  make('div', { class: 'machine' }, marquee, make('div', { class: 'frame' }, reels.element, curtain), result),
)
byId('controls').append(
  act('Paytable', { class: 'pays-button' }, paytable.open),
  make('div', { class: 'stake' }, make('span', {}, 'Stake'), make('div', {}, less, stakeShown, more)),
  make('p', { class: 'meter' }, 'Win', winMeter),
  spinButton,
  paytable.dialog,
)
addEventListener('keydown', (event) => {
  const elsewhere = event.target instanceof HTMLElement && event.target.closest('button,a,summary,dialog')
  if (event.key !== ' ' || elsewhere) return
  event.preventDefault()
  if (!event.repeat) void play()
})
idle()
step(0)
meter(0n)
tellUnfinished()

/** One round. While it is shown, asking again stops the reels at once: what they show is settled already. */
async function play(): Promise<void> {
  if (document.body.dataset.playing === 'yes') return patience.hurry()
  document.body.dataset.playing = 'yes'
  patience.begin()
  reels.clear()
  say('')
  meter(0n)
  controls(true)
  noteBet(game, newest)
  try {
    const round = await send<Round>(`/api/games/${game}/rounds`, { stake: money(stake).amount })
    newest = round.round
    showBalance(money(minorOf(round.balance.cash) - minorOf(round.win)))
    await showRound(round)
  } catch (error) {
    say(wordsOf(error))
  } finally {
    forgetBet()
    document.body.dataset.playing = 'no'
    controls(false)
    await refresh().catch(() => {})
  }
}

async function showRound(round: Round): Promise<void> {
  const paid = minorOf(round.stake)
  const ahead = minorOf(round.win) > paid // a return at or below the stake is told, and not celebrated
  byId('stage').classList.toggle('ahead', ahead)
  await showSpin(round.outcome.base, paid, 1)
  if (round.outcome.free.length > 0) await showFreeSpins(round.outcome.free, paid)
  meter(minorOf(round.win))
  if (won === 0n) say('No return this time.')
  else say(ahead ? `Returned ${show(round.win)}.` : `Returned ${show(round.win)} of ${show(round.stake)}.`, ahead)
}

async function showFreeSpins(spins: readonly Spin[], paid: bigint): Promise<void> {
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
    await showSpin(spin, paid, multiplier)
    if (spin.scatters < from || awarded + count > totalMax) continue
    awarded += count
    await lift(`${count} more free spins`, `${awarded} in all`)
  }
  await lift('Free spins are over', `${show(money(won))} in this round`)
  document.body.dataset.free = 'no'
  idle()
}

async function showSpin(spin: Spin, paid: bigint, multiplier: number): Promise<void> {
  patience.begin()
  say('')
  await reels.roll(spin.window, patience)
  result.setAttribute('data-window', reels.say(spin.window))
  const scatterTimes = sheet.scatterPays[spin.scatters] ?? 0
  for (const win of spin.lineWins) {
    const amount = (BigInt(win.times) * paid * BigInt(multiplier)) / lineCount
    reels.clear()
    reels.light(win.line, win.count)
    await bring(`Line ${win.line + 1}: ${win.count} × ${capital(win.symbol)}, ${show(money(amount))}`, amount)
  }
  if (spin.scatters >= sheet.freeSpins.from) {
    const amount = BigInt(scatterTimes) * paid * BigInt(multiplier)
    reels.clear()
    reels.lightSymbol(sheet.scatter)
    await bring(`${spin.scatters} × ${capital(sheet.scatter)} anywhere, ${show(money(amount))}`, amount)
  }
  if (spin.lineWins.length > 1) for (const win of spin.lineWins) reels.light(win.line, win.count)
  await patience.pause(calm ? 30 : 220)
}

/** Says what a line brings and adds it to the meter. */
async function bring(words: string, amount: bigint): Promise<void> {
  say(words)
  const from = won
  const quick = patience.hurried || !byId('stage').classList.contains('ahead')
  await Promise.all([countUp(from, from + amount, quick ? 0 : 500, meter), patience.pause(calm ? 60 : 750)])
}

/** A word over the reels between two parts of the round. */
async function lift(title: string, words: string): Promise<void> {
  patience.begin()
  curtain.replaceChildren(make('strong', {}, title), make('span', {}, words))
  curtain.hidden = false
  say(`${title}. ${words}.`)
  await patience.pause(calm ? 300 : 1700)
  curtain.hidden = true
}

function tellUnfinished(): void {
  const found = unfinishedBet(game, latest)
  if (found === null) say('Your last spin did not reach the casino. Nothing was staked.')
  else if (found)
    say(`Your last spin was played: returned ${show(found.win)} of ${show(found.stake)}. It is in your history.`)
}

function step(by: number): void {
  const index = Math.max(0, Math.min(stakes.length - 1, stakes.indexOf(stake) + by))
  stake = stakes[index] as bigint
  stakeShown.textContent = show(money(stake))
  less.disabled = index === 0
  more.disabled = index === stakes.length - 1
}

function controls(playing: boolean): void {
  spinButton.textContent = playing ? 'Stop' : 'Spin'
  for (const button of [less, more]) button.disabled = playing
  if (!playing) step(0)
}

function meter(amount: bigint): void {
  won = amount
  winMeter.textContent = show(money(amount))
}

function idle(): void {
  marquee.replaceChildren(make('span', {}, `${lineCount} lines · three ${capital(sheet.scatter)}s bring free spins`))
}

function say(text: string, ahead = false): void {
  result.textContent = text
  result.classList.toggle('ahead', ahead)
}
