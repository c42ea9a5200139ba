import { act, make } from './elements.ts'

/** A value with a button to each side of it. */
export function drawStepper(label: string, id: string, go: (by: 1 | -1) => void) {
  const noun = label.toLowerCase()
  const shown = make('output', { id, 'aria-live': 'polite' })
  const less = act('−', { class: 'step', 'aria-label': `Lower ${noun}` }, () => go(-1))
  const more = act('+', { class: 'step', 'aria-label': `Higher ${noun}` }, () => go(1))
  return {
    element: make('div', { class: 'stake' }, make('span', {}, label), make('div', {}, less, shown, more)),
    /** Shows the value, and which way it can go now. */
    paint(words: string, may: { less: boolean; more: boolean }): void {
      shown.textContent = words
      const held = document.activeElement
      less.disabled = !may.less
      more.disabled = !may.more
      if (held === less && less.disabled) more.focus() // at an end the keyboard goes on from the other side
      if (held === more && more.disabled) less.focus()
    },
  }
}
