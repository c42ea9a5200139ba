import { percentile } from '../benchmark.ts'

/** Where the median of what was measured lies in 95 of 100 cases, by how it is ordered and nothing assumed of how it is spread. */
export function medianBetween(values: readonly number[]): readonly [lowest: number, highest: number] {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const reach = 0.98 * Math.sqrt(sorted.length)
  return [
    sorted[Math.max(0, Math.floor(middle - reach))]!,
    sorted[Math.min(sorted.length - 1, Math.ceil(middle + reach))]!,
  ]
}

const draws = 200

/** Where a figure of several turns lies in 95 of 100 cases: made again and again of turns that are drawn by lot from those there were. */
export function redrawn<Turn>(turns: readonly Turn[], figure: (turns: readonly Turn[]) => number): [number, number] {
  const found = Array.from({ length: draws }, () =>
    figure(turns.map(() => turns[Math.floor(Math.random() * turns.length)]!)),
  ).sort((a, b) => a - b)
  return [percentile(found, 0.025), percentile(found, 0.975)]
}
