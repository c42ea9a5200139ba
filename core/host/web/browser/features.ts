import { drawBoxes } from './boxes.ts'
import { make } from './elements.ts'
import { drawGamble } from './gamble.ts'
import { minorOf } from './money.ts'
import type { Picture } from './reels.ts'
import type { Round, Table } from './scene.ts'
import type { SlotOutcome, SlotSheet } from './slot.ts'
import { capital } from './words.ts'

type Machine = {
  lift(title: string, words: string): Promise<void>
  meter(amount: bigint): void
  tell(...words: Array<Node | string>): void
}

/** What of a round the player decides: boxes to open, a win to gamble or to keep. */
export function openFeatures(table: Table<SlotSheet, SlotOutcome>, symbol: Picture, { lift, meter, tell }: Machine) {
  const { sheet } = table.facts
  const boxes = sheet.pick?.boxes
  const picking = boxes
    ? drawBoxes(boxes.length, () => symbol(sheet.pick?.symbol ?? ''), {
        open: (box) => void table.move({ move: 'open', box }),
        rest: () => void table.move({ move: 'finish' }),
      })
    : undefined
  const gambling = sheet.gamble
    ? drawGamble(table.show, {
        on: (on) => void table.move({ move: 'gamble', on }),
        keep: () => void table.move({ move: 'finish' }),
      })
    : undefined
  const wish = make('input', { type: 'checkbox' }) as HTMLInputElement
  const element = make('div', { class: 'feature', hidden: '' })
  let announced = false

  return {
    element,
    controls: gambling ? [make('label', { class: 'check wish' }, wish, make('span', {}, 'Offer a gamble'))] : [],
    choice: () => (wish.checked ? { gamble: true } : {}),
    begin(): void {
      element.hidden = true
      announced = false
      picking?.close()
      gambling?.begin()
    },
    async show({ outcome, stake }: Round<SlotOutcome>): Promise<void> {
      const { pick, gamble } = outcome
      if (pick && picking && !(gamble && announced)) {
        await announce(`${capital(sheet.pick?.symbol ?? '')}s`, 'Open boxes until one is empty')
        open(picking.element)
        await picking.show(
          pick,
          (prize) => (prize > 0 ? table.show(BigInt(prize) * minorOf(stake)) : 'Empty'),
          table.patience,
        )
        meter(wonBefore(outcome) + BigInt(pick.win))
      }
      if (!gamble || !gambling) return
      meter(BigInt(gamble.from))
      open(gambling.element)
      await gambling.show(gamble, table.patience)
      meter(standing(outcome))
    },
    paint(state: 'ready' | 'busy' | 'open', round?: Round<SlotOutcome>): void {
      wish.disabled = state !== 'ready'
      picking?.paint(state === 'open')
      if (round) {
        const most = minorOf(round.stake) * BigInt(sheet.gamble?.timesMax ?? 0)
        gambling?.paint(state === 'open', standing(round.outcome), most)
      }
      if (state === 'ready') element.hidden = true
      if (state === 'open') table.say(round?.outcome.gamble ? 'Keep your win, or gamble it.' : 'Open a box.')
    },
  }

  async function announce(title: string, words: string): Promise<void> {
    if (!announced && !table.patience.hurried) await lift(title, words)
    announced = true
    tell(make('strong', {}, title), make('span', {}, words))
  }

  function open(part: HTMLElement): void {
    element.replaceChildren(part)
    element.hidden = false
  }
}

/** What the round stands at now, in minor units. */
function standing({ gamble }: SlotOutcome): bigint {
  return BigInt(gamble?.steps.at(-1)?.amount ?? gamble?.from ?? 0)
}

function wonBefore({ base, free, hold }: SlotOutcome): bigint {
  return [base, ...free, ...(hold ? [hold] : [])].reduce((sum, { win }) => sum + BigInt(win), 0n)
}
