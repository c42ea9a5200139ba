import { draw } from './art.ts'
import { act, make } from './elements.ts'
import type { Picture } from './reels.ts'
import { type SlotSheet, symbolsOf, waysOf } from './slot.ts'
import { capital } from './words.ts'

/** Amounts at the present stake: of a pay in parts of the stake, and of one in stakes. */
type Amounts = { part(times: number): string; stake(times: number): string }

/** What each symbol brings at the present stake, what else the slot has, and where the lines run. */
export function drawPaytable(sheet: SlotSheet, symbol: Picture, amounts: Amounts) {
  const dialog = make('dialog', { class: 'paytable', 'aria-label': 'Paytable' }) as HTMLDialogElement
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close() // beside the box
  })
  return {
    dialog,
    open(): void {
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
          make('p', { class: 'fine' }, `Amounts are for the stake chosen now. ${howItPays(sheet)}`),
          make(
            'ul',
            { class: 'pays' },
            ...Object.entries(sheet.pays).map(([name, pays]) =>
              card(symbol(name), name, pays, amounts.part, noteOf(sheet, name)),
            ),
            ...others(sheet).map(({ name, pays, note }) => card(symbol(name), name, pays, amounts.stake, note)),
          ),
          ...(sheet.lines ? lineMaps(sheet.lines, sheet.rows) : []),
        ),
      )
      dialog.showModal()
    },
  }
}

function howItPays(sheet: SlotSheet): string {
  const { lines, cascade } = sheet
  const pays = lines
    ? `${lines.length} lines pay from the left; on each line the highest win counts.`
    : `A symbol pays on reels side by side from the left, once for each of the ways to choose one on each reel; there are ${waysOf(sheet)}.`
  const falls = cascade
    ? ` What won sinks and what is above falls: wins in a row count ${cascade.ladder.join(', ')} times.`
    : ''
  return pays + falls
}

function noteOf(sheet: SlotSheet, name: string): string {
  return name === sheet.wild ? wildNote(sheet) : ''
}

function wildNote({ scatter, hold, pick }: SlotSheet): string {
  const never = [scatter, hold?.symbol, pick?.symbol].filter((each) => each !== undefined).map(capital)
  return `Stands for all but ${never.join(' and ')}`
}

/** Symbols that pay otherwise than by lines or ways, or bring something. */
function others(sheet: SlotSheet): Array<{ name: string; pays: Record<string, number>; note: string }> {
  const { wild, pays, scatter, scatterPays = {}, freeSpins, hold, pick } = sheet
  return [
    ...(typeof wild === 'string' && !(wild in pays)
      ? [{ name: wild, pays: {}, note: `${wildNote(sheet)}. ${reelsWith(sheet, wild)}` }]
      : []),
    ...(scatter && freeSpins
      ? [
          {
            name: scatter,
            pays: scatterPays,
            note: `Pays anywhere. ${freeSpins.from} or more bring ${freeSpins.count} free spins at ${freeSpins.multiplier} times the pay, up to ${freeSpins.totalMax}`,
          },
        ]
      : []),
    ...(hold
      ? [
          {
            name: hold.symbol,
            pays: {},
            note: `${hold.from} or more are held, each worth ${hold.values[0]?.[0]} to ${hold.values.at(-1)?.[0]} times the stake; every other place is drawn again until ${hold.respins} draws in a row bring none. All of them pay ${hold.full} times the stake besides`,
          },
        ]
      : []),
    ...(pick?.boxes
      ? [
          {
            name: pick.symbol,
            pays: {},
            note: `${pick.from} or more bring ${pick.boxes.length} boxes; open them until one is empty. ${pick.boxes.filter((prize) => prize === 0).length} are, the others hold up to ${Math.max(...pick.boxes)} times the stake`,
          },
        ]
      : []),
  ]
}

function reelsWith(sheet: SlotSheet, name: string): string {
  const reels = symbolsOf(sheet).flatMap((symbols, reel) => (symbols.includes(name) ? [reel + 1] : []))
  return `Comes on reel${reels.length > 1 ? 's' : ''} ${reels.join(', ')}`
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

function lineMaps(lines: ReadonlyArray<readonly number[]>, rows: number): HTMLElement[] {
  return [
    make('h3', {}, 'Lines'),
    make(
      'ul',
      { class: 'line-maps' },
      ...lines.map((line, index) => make('li', {}, lineMap(line, rows), make('span', {}, String(index + 1)))),
    ),
  ]
}

function lineMap(line: readonly number[], rows: number): SVGElement {
  const svg = draw('svg', { viewBox: `0 0 ${line.length * 10} ${rows * 10}`, 'aria-hidden': 'true' })
  for (let reel = 0; reel < line.length; reel++)
    for (let row = 0; row < rows; row++)
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
