import type { Table } from './scene.ts'

/** The chips that lie on a table: what was placed, a way back, and what lay there in the round before. Minor units by bet. */
export function createLayout(changed: () => void) {
  let placed = new Map<string, bigint>()
  let before: Array<Map<string, bigint>> = []
  let last = new Map<string, bigint>()

  function change(next: Map<string, bigint>): void {
    before.push(placed)
    placed = next
    changed()
  }

  return {
    get placed(): ReadonlyMap<string, bigint> {
      return placed
    },
    get last(): ReadonlyMap<string, bigint> {
      return last
    },
    get sum(): bigint {
      return [...placed.values()].reduce((sum, amount) => sum + amount, 0n)
    },
    place(on: string, amount: bigint): void {
      const left = (placed.get(on) ?? 0n) + amount
      const next = new Map(placed)
      if (left > 0n) next.set(on, left)
      else next.delete(on)
      change(next)
    },
    clear: () => change(new Map()),
    repeat(): void {
      if (last.size > 0) change(new Map(last))
    },
    undo(): void {
      const earlier = before.pop()
      if (!earlier) return
      placed = earlier
      changed()
    },
    /** The round was played: what lay there is taken off, and can be had again. */
    played(): void {
      last = placed
      placed = new Map()
      before = []
    },
    may: () => ({ undo: before.length > 0, clear: placed.size > 0, repeat: last.size > 0 }),
    /** As the house takes it. */
    bets: (table: Pick<Table, 'money'>) =>
      [...placed].map(([on, amount]) => ({ on, amount: table.money(amount).amount })),
  }
}
