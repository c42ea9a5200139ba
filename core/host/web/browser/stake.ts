import { act, make } from './elements.ts'
import type { Table } from './scene.ts'

/** The stake as a ladder of 1, 2, 5 within what the game takes, on its lattice: two buttons and an amount. Minor units. */
export function drawStake(table: Table<never, never>, { step = 1n, first }: { step?: bigint; first?: bigint } = {}) {
  const rungs = ladder(table, step)
  let at = Math.max(
    0,
    rungs.findIndex((rung) => rung >= (first ?? 100n)),
  )
  const shown = make('output', { id: 'stake', 'aria-live': 'polite' })
  const less = act('−', { class: 'step', 'aria-label': 'Lower stake' }, () => go(-1))
  const more = act('+', { class: 'step', 'aria-label': 'Higher stake' }, () => go(1))
  const element = make('div', { class: 'stake' }, make('span', {}, 'Stake'), make('div', {}, less, shown, more))
  let changed = () => {}

  function go(by: number): void {
    at = Math.max(0, Math.min(rungs.length - 1, at + by))
    paint(true)
    changed()
  }

  function paint(free: boolean): void {
    shown.textContent = table.show(rungs[at] as bigint)
    less.disabled = !free || at === 0
    more.disabled = !free || at === rungs.length - 1
  }
  paint(true)

  return {
    element,
    paint,
    get value(): bigint {
      return rungs[at] as bigint
    },
    /** The amount as the house takes it. */
    get amount(): string {
      return table.money(rungs[at] as bigint).amount
    },
    onChange(work: () => void): void {
      changed = work
    },
  }
}

function ladder({ facts }: Table<never, never>, step: bigint): bigint[] {
  const [min, max] = [facts.stakeMin, facts.stakeMax].map((amount) => BigInt(amount.replace('.', ''))) as [
    bigint,
    bigint,
  ]
  const rungs = new Set([min])
  for (let power = 1n; power <= max; power *= 10n)
    for (const factor of [1n, 2n, 5n]) {
      const rung = power * factor
      if (rung > min && rung < max && rung % step === 0n) rungs.add(rung)
    }
  return [...rungs, max].toSorted((a, b) => (a < b ? -1 : 1)).filter((rung, index, all) => rung !== all[index - 1])
}
