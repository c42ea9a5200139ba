import { get, wordsOf } from './api.ts'
import { act, byId, make } from './elements.ts'
import { holdFocus } from './focus.ts'
import { openHouse, openWithoutMoney } from './house.ts'
import { minorOf, moneyOf, show } from './money.ts'
import { countUp, Patience } from './motion.ts'
import { voidedWords } from './round-words.ts'
import type { Facts, Open, Round, Scene, Table } from './scene.ts'
import { drawSoundSwitch, sound } from './sound.ts'

/** The page of every game: asks the house for rounds, lets the game's own scene show them, and tells how they came out. */
const place = document.querySelector<HTMLElement>('[data-game]')!
const { game = '', page = '', hurry = 'yes', again = '', currency = '', money = 'yes' } = place.dataset

const [facts, scenery, house] = await Promise.all([
  get<Facts<Record<string, unknown>>>(`/api/games/${game}`),
  import(`/assets/games/${page}/index.js`) as Promise<{ default: Open<Record<string, unknown>, never> }>,
  money === 'none' ? undefined : openHouse(game),
]).then(([facts, scenery, house]) => {
  const without = { amount: facts.stakeMin, currency }
  return [facts, scenery, house ?? openWithoutMoney(game, without)] as const
})
const { example } = house
const patience = new Patience()
let waiting = house.waiting
/** What the key that is down was pressed on; nothing once the page has moved the keyboard itself. */
let pressedOn: EventTarget | null = null

const result = make('p', { id: 'result', class: 'result', role: 'status', 'aria-live': 'polite' })
const table: Table = {
  facts,
  stage: byId('stage'),
  controls: byId('controls'),
  result,
  latest: house.latest,
  patience,
  money: (minor) => moneyOf(minor, example),
  show: (minor) => show(moneyOf(minor, example)),
  say,
  play,
  hurry: cutShort,
  move,
}
const scene = (scenery.default as unknown as (table: Table) => Scene)(table)
const button = act(
  scene.verbs.play,
  { class: 'primary play', 'aria-keyshortcuts': scene.key ?? 'Space' },
  () => void play(),
)
if (!result.isConnected) table.stage.append(result)
table.controls.append(button)
byId('title-tools').append(...house.tools, drawSoundSwitch())
addEventListener('keydown', pressed)
if (again) await showAgain(again)
else begin()

function begin(): void {
  paint()
  if (waiting) void resume(waiting)
  else tellUnfinished()
}

async function play(): Promise<void> {
  if (isBusy()) return cutShort()
  if (waiting) return
  const choice = scene.choice()
  if (typeof choice === 'string') return say(choice)
  await ask(() => house.play(choice))
}

/** Shows at once where the round ends; nothing where the licence gives a round its least time [RTS-14E]. */
function cutShort(): void {
  if (hurry === 'yes') patience.hurry()
}

async function move(made: Record<string, unknown>): Promise<void> {
  const round = waiting
  if (isBusy() || !round) return
  await ask(() => house.move(round, made))
}

async function ask(settled: () => Promise<Round>): Promise<void> {
  const giveBack = holdFocus([table.stage, table.controls], button)
  document.body.dataset.playing = 'yes'
  patience.begin()
  say('')
  paint()
  try {
    const round = await settled()
    waiting = round.moves ? round : undefined
    await present(round)
  } catch (error) {
    say(wordsOf(error))
  } finally {
    document.body.dataset.playing = 'no'
    paint()
    pressedOn = null
    giveBack()
    await house.ended()
  }
}

/** A return at or below the stake is told, and not celebrated [RTS-14F]. */
async function present(round: Round): Promise<void> {
  const [staked, won] = [minorOf(round.stake), minorOf(round.win)]
  const ahead = won > staked
  table.stage.classList.toggle('ahead', ahead)
  await scene.show(round)
  if (round.status === 'voided') return say(voidedWords(round))
  const words = scene.words(round)
  const told = words ? `${words}. ` : ''
  if (round.moves) return say(words)
  if (won === 0n) return say(`${told}No return this time.`)
  if (!ahead) return say(`${told}Returned ${show(round.win)} of ${show(round.stake)}.`)
  sound('win')
  await countUp(0n, won, patience.hurried ? 0 : 700, (amount) => say(`${told}Returned ${table.show(amount)}.`, true))
}

async function resume(round: Round): Promise<void> {
  document.body.dataset.playing = 'yes'
  patience.begin()
  patience.hurry()
  await scene.show(round, 'resumed')
  document.body.dataset.playing = 'no'
  say(`This round waits for you. ${scene.words(round)}`)
  paint()
}

/** A round that was played, shown by the same page and marked as what it is [GLI-4.14.1]. */
async function showAgain(id: string): Promise<void> {
  const round = await get<Round>(`/api/rounds/${id}`)
  document.body.dataset.replay = 'yes'
  document.body.dataset.playing = 'yes'
  scene.paint('busy', round)
  table.controls.replaceChildren(
    make('strong', { class: 'replay-mark' }, 'Replay'),
    make('a', { class: 'button', href: `/history#${id}` }, 'All about this round'),
    act('Show it again', { class: 'primary play' }, () => location.reload()),
  )
  await present(round)
}

function tellUnfinished(): void {
  say(unfinishedWords(house.unfinished()))
}

function unfinishedWords(found: Round | null | undefined): string {
  if (found === undefined) return scene.invitation
  if (found === null) return 'Your last bet did not reach the casino. Nothing was staked.'
  if (found.status === 'voided') return voidedWords(found)
  const words = scene.words(found)
  return `Your last bet was played${words ? `: ${words}` : ''}. Returned ${show(found.win)} of ${show(found.stake)}.`
}

function paint(): void {
  const busy = isBusy()
  button.textContent = busy ? scene.verbs.hurry : scene.verbs.play
  button.disabled = busy && hurry !== 'yes'
  button.hidden = waiting !== undefined && !busy
  scene.paint(busy ? 'busy' : waiting ? 'open' : 'ready', waiting)
}

function pressed(event: KeyboardEvent): void {
  if (!event.repeat) pressedOn = event.target
  // A key that is held begins one round, and presses nothing that it was not pressed on [RTS-14G].
  else if ((event.key === 'Enter' || event.key === ' ') && (event.target === button || event.target !== pressedOn))
    event.preventDefault()
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || again) return
  const elsewhere = event.target instanceof HTMLElement && event.target.closest('button,a,summary,dialog,input,select')
  const asked =
    event.key === ' '
      ? !elsewhere
      : event.key.toLowerCase() === scene.key && !(event.target instanceof HTMLInputElement)
  if (!asked) return
  event.preventDefault()
  void play()
}

function isBusy(): boolean {
  return document.body.dataset.playing === 'yes'
}

function say(words: string, ahead = false): void {
  result.textContent = words
  result.classList.toggle('ahead', ahead)
}
