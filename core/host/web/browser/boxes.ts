import { act, make } from './elements.ts'
import { calm, type Patience, run } from './motion.ts'
import type { Pick } from './slot.ts'
import { sound } from './sound.ts'

/** Closed boxes; one after the other is opened, until one is empty. @param picture of a closed box */
export function drawBoxes(
  count: number,
  picture: () => SVGSVGElement,
  handlers: { open(box: number): void; rest(): void },
) {
  const boxes = Array.from({ length: count }, (_, box) => act('', { class: 'box' }, () => handlers.open(box)))
  const rest = act('Open the rest for me', { class: 'quiet' }, handlers.rest)
  const element = make('div', { class: 'boxes' }, make('div', { class: 'box-rows' }, ...boxes), rest)
  let opened = 0
  close()

  function close(): void {
    opened = 0
    for (const [box, button] of boxes.entries()) {
      delete button.dataset.prize
      button.setAttribute('aria-label', `Box ${box + 1}, closed`)
      button.replaceChildren(picture())
    }
  }

  function reveal(box: number, prize: number, words: string): void {
    const button = boxes[box] as HTMLButtonElement
    button.dataset.prize = String(prize)
    button.setAttribute('aria-label', `Box ${box + 1}, ${words}`)
    button.replaceChildren(make('b', {}, words))
  }

  return {
    element,
    close,
    /** Shows those that were opened since. */
    async show(pick: Pick, words: (prize: number) => string, patience: Patience): Promise<void> {
      for (const { box, prize } of pick.opened.slice(opened)) {
        const button = boxes[box ?? opened] as HTMLButtonElement
        opened++
        await run(() => [button.animate(lid, { duration: 260, easing: 'ease-in' })], patience)
        reveal(box ?? 0, prize, words(prize))
        if (!patience.hurried && !calm) sound(prize > 0 ? 'deal' : 'land')
        await patience.pause(calm ? 20 : 350)
      }
    },
    paint(free: boolean): void {
      for (const button of boxes) button.disabled = !free || button.dataset.prize !== undefined
      rest.disabled = !free
    },
  }
}

const lid: Keyframe[] = [
  { transform: 'none' },
  { transform: 'rotate(-6deg) scale(1.06)', offset: 0.3 },
  { transform: 'rotate(6deg) scale(1.1)', offset: 0.65 },
  { transform: 'scale(0.6)', opacity: 0.2 },
]
