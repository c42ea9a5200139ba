import { draw } from './art.ts'
import { act, make } from './elements.ts'
import type { Picture } from './reels.ts'
import { capital } from './words.ts'

export type SlotSheet = {
  strips: string[][]
  lines: number[][]
  wild: string
  scatter: string
  pays: Record<string, Record<string, number>>
  scatterPays: Record<string, number>
  freeSpins: { from: number; count: number; multiplier: number; totalMax: number }
}

/** What each symbol brings at the present stake, and where the lines run. */
export function drawPaytable(
  sheet: SlotSheet,
  symbol: Picture,
  perLine: (times: number) => string,
  perStake: (times: number) => string,
) {
  const dialog = make('dialog', { class: 'paytable', 'aria-label': 'Paytable' }) as HTMLDialogElement
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close() // beside the box
  })
  return {
    dialog,
    open(): void {
      const { wild, scatter, freeSpins } = sheet
      const { from, count, multiplier, totalMax } = freeSpins
      dialog.replaceChildren(
        make(
          'div',
          { class: 'paytable-box' },
          make(
            'div',
            { class: 'paytable-head' },
            make('h2', {}, 'Paytable'),
            act('Close', {}, () => dialog.close()),
          ),
          make(
            'p',
            { class: 'fine' },
            `Amounts are for the stake chosen now. ${sheet.lines.length} lines pay from the left; on each line the highest win counts.`,
          ),
          make(
            'ul',
            { class: 'pays' },
            ...Object.entries(sheet.pays).map(([name, pays]) =>
              card(symbol(name), name, pays, perLine, name === wild ? `Stands for all but ${capital(scatter)}` : ''),
            ),
            card(
              symbol(scatter),
              scatter,
              sheet.scatterPays,
              perStake,
              `Pays anywhere. ${from} or more bring ${count} free spins at ${multiplier} times the pay, up to ${totalMax}`,
            ),
          ),
          make('h3', {}, 'Lines'),
          make(
            'ul',
            { class: 'line-maps' },
            ...sheet.lines.map((line, index) => make('li', {}, lineMap(line), make('span', {}, String(index + 1)))),
          ),
        ),
      )
      dialog.showModal()
    },
  }
}

function card(
  picture: SVGSVGElement,
  name: string,
  pays: Record<string, number>,
  amount: (times: number) => string,
  note: string,
): HTMLElement {
  const rows = Object.entries(pays)
    .reverse()
    .map(([count, times]) => make('div', {}, make('dt', {}, count), make('dd', {}, amount(times))))
  return make(
    'li',
    {},
    picture,
    make(
      'div',
      {},
      make('strong', {}, capital(name)),
      make('dl', {}, ...rows),
      ...(note ? [make('p', { class: 'fine' }, note)] : []),
    ),
  )
}

function lineMap(line: readonly number[]): SVGElement {
  const svg = draw('svg', { viewBox: '0 0 50 30', 'aria-hidden': 'true' })
  for (let reel = 0; reel < line.length; reel++)
    for (let row = 0; row < 3; row++)
      svg.append(
        draw('rect', {
          x: reel * 10 + 1,
          y: row * 10 + 1,
          width: 8,
          height: 8,
          rx: 1.5,
          class: line[reel] === row ? 'on' : 'off',
        }),
      )
  return svg
}
