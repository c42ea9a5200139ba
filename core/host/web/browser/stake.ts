import type { Table } from './scene.ts'
import { drawStepper } from './stepper.ts'

/** The stake as a ladder of 1, 2, 5 within what the game takes, on its lattice: two buttons and an amount. Minor units. */
export function drawStake(table: Table<never, never>, { step = 1n, first }: { step?: bigint; first?: bigint } = {}) {
  let rungs = ladder(table, step)
  let wished = first ?? 100n
  let at = under(wished)
  const stepper = drawStepper('Stake', 'stake', go)
  let changed = () => {}

  function go(by: number): void {
    at = Math.max(0, Math.min(rungs.length - 1, at + by))
    wished = rungs[at] as bigint
    paint(true)
    changed()
  }

  function under(amount: bigint): number {
    return Math.max(
      0,
      rungs.findLastIndex((rung) => rung <= amount),
    )
  }

  /** @param held what an open round has staked, shown in place of what can be chosen */
  function paint(free: boolean, held = rungs[at] as bigint): void {
    stepper.paint(table.show(held), { less: free && at > 0, more: free && at < rungs.length - 1 })
  }
  paint(true)

  return {
    element: stepper.element,
    paint,
    get value(): bigint {
      return rungs[at] as bigint
    },
    /** The amount as the house takes it. */
    get amount(): string {
      return table.money(rungs[at] as bigint).amount
    },
    /** Another choice may go in other steps: the stake is what was wished, or the next below it that fits. */
    goBy(step: bigint): void {
      rungs = ladder(table, step)
      at = under(wished)
      paint(true)
    },
    onChange(work: () => void): void {
      changed = work
    },
  }
}

/** All on the lattice, also the lowest and the highest. */
function ladder({ facts }: Table<never, never>, step: bigint): bigint[] {
  const [least, most] = [facts.stakeMin, facts.stakeMax].map((amount) => BigInt(amount.replace('.', ''))) as [
    bigint,
    bigint,
  ]
  const [min, max] = [((least + step - 1n) / step) * step, (most / step) * step]
  const rungs = [min]
  for (let power = 1n; power <= max; power *= 10n)
    for (const factor of [1n, 2n, 5n]) {
      const rung = power * factor
      if (rung > min && rung < max && rung % step === 0n) rungs.push(rung)
    }
  return max > min ? [...rungs, max] : rungs
}

/** The least stake of which so many hundredths are whole minor units; what it pays is never rounded. */
export function stepOf(hundredths: number): bigint {
  let [a, b] = [100, hundredths]
  while (b !== 0) [a, b] = [b, a % b]
  return BigInt(100 / a)
}
