import { act, make } from './elements.ts'
import type { Table } from './scene.ts'

const values = [50n, 100n, 500n, 2500n, 10_000n] // minor units

/** The chips a player takes from; `chosen` is the one in hand. */
export function drawChips(table: Table<never, never>) {
  let chosen = 100n
  const element = make('div', { class: 'chips', role: 'group', 'aria-label': 'Chip' })
  for (const value of values) {
    const pressed = { 'aria-pressed': String(value === chosen), 'aria-label': `Chip of ${table.show(value)}` }
    const button = act(brief(table, value), { class: 'chip-choice', 'data-value': String(value), ...pressed }, () => {
      chosen = value
      for (const other of element.children) other.setAttribute('aria-pressed', String(other === button))
    })
    element.append(button)
  }
  return {
    element,
    get chosen(): bigint {
      return chosen
    },
  }
}

/** An amount as it fits on a chip: without decimals that say nothing. */
export function brief(table: Pick<Table, 'money'>, amount: bigint): string {
  return table.money(amount).amount.replace(/\.0+$/, '')
}
