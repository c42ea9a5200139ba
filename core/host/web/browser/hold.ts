import { make } from './elements.ts'
import { calm, type Patience, run } from './motion.ts'
import type { drawReels, Picture } from './reels.ts'
import type { Held, Hold, SlotSheet } from './slot.ts'
import { sound } from './sound.ts'
import { capital } from './words.ts'

type Machine = {
  reels: ReturnType<typeof drawReels>
  symbol: Picture
  patience: Patience
  lift(title: string, words: string): Promise<void>
  /** What stands above the reels. */
  tell(...words: Array<Node | string>): void
  worth(times: number): bigint
  bring(words: string, amount: bigint): Promise<void>
}

const drawMs = 420

/** What is held stays with its worth on it; everything else is drawn again until several draws in a row brought nothing. */
export async function showHold(hold: Hold, sheet: SlotSheet, machine: Machine): Promise<void> {
  const { reels, symbol, patience, lift, tell } = machine
  const { respins, symbol: name } = sheet.hold as NonNullable<SlotSheet['hold']>
  const title = `${capital(name)}s`
  const all: Held[] = []
  document.body.dataset.free = 'yes'
  reels.clear()
  reels.element.classList.add('holding')
  await lift(`${hold.begin.length} ${title} are held`, `${respins} draws after each new one`)
  keep(hold.begin)
  await patience.pause(calm ? 60 : 700)
  let left = respins
  for (const brought of hold.spins) {
    patience.begin()
    count(left)
    await run(() => openCells().map((cell) => cell.animate(shuffling, { duration: drawMs })), patience)
    keep(brought)
    left = brought.length > 0 ? respins : left - 1
    count(left)
    if (brought.length > 0 && !calm) sound('land')
    await patience.pause(calm ? 20 : brought.length > 0 ? 600 : 200)
  }
  const times = all.reduce((sum, { value }) => sum + value, 0)
  await machine.bring(`${all.length} ${title}: ${times} times the stake`, machine.worth(times))
  if (hold.full) {
    const { full } = sheet.hold as NonNullable<SlotSheet['hold']>
    await lift('Every place is held', `${full} times the stake besides`)
    await machine.bring(`All ${title}: ${full} times the stake`, machine.worth(full))
  }
  reels.element.classList.remove('holding')
  document.body.dataset.free = 'no'

  function count(draws: number): void {
    const drawn = ['no more draws', 'last draw'][draws] ?? `${draws} draws left`
    tell(make('strong', {}, `${title} held: ${all.length}`), make('span', {}, drawn))
  }

  function keep(held: readonly Held[]): void {
    for (const { reel, row, value } of held) {
      const cell = reels.cell(reel, row)
      cell.dataset.symbol = name
      cell.replaceChildren(symbol(name), make('b', { class: 'worth' }, `${value}×`))
      cell.classList.add('kept')
      all.push({ reel, row, value })
    }
  }

  function openCells(): HTMLElement[] {
    return [...reels.element.querySelectorAll<HTMLElement>('.cell:not(.kept)')]
  }
}

const shuffling: Keyframe[] = [
  { transform: 'translateY(0)', opacity: 0.2 },
  { transform: 'translateY(18%) scale(0.8)', opacity: 0.05, offset: 0.5 },
  { transform: 'translateY(0)', opacity: 0.2 },
]
