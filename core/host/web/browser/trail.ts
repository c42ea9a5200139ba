import { make } from './elements.ts'

/** How one round came out, as short as it can be said; its tone is for the style sheet. */
export type Mark = { text: string; tone: string }

/** How the last rounds came out, the newest first. */
export function drawTrail(label: string, marks: readonly Mark[], max = 10) {
  const element = make('ol', { class: 'trail', 'aria-label': label })
  let shown = marks.slice(0, max)
  paint()

  function paint(): void {
    element.replaceChildren(...shown.map(({ text, tone }) => make('li', { 'data-tone': tone }, text)))
  }

  return {
    element,
    push(mark: Mark): void {
      shown = [mark, ...shown].slice(0, max)
      paint()
    },
  }
}
