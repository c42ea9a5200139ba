const red = new Set([1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36])
const all = Array.from({ length: 36 }, (_, i) => i + 1)

export function isRed(number: number): boolean {
  return red.has(number)
}

/**
 * Every bet of the layout by name, with the numbers it covers: `straight:17`, `split:17-18`, `street:16-17-18`,
 * `corner:16-17-19-20`, `six-line:…`, `column:1`, `dozen:1`, `red`, `low` … On n numbers a bet pays 36/n - 1 to 1, so every
 * bet returns 36/37.
 */
export const bets: ReadonlyMap<string, ReadonlySet<number>> = new Map([
  ...[0, ...all].map((n) => bet('straight', [n])),
  ...[1, 2, 3].map((n) => bet('split', [0, n])),
  ...all.filter((n) => n % 3 !== 0).map((n) => bet('split', [n, n + 1])),
  ...all.filter((n) => n <= 33).map((n) => bet('split', [n, n + 3])),
  bet('street', [0, 1, 2]),
  bet('street', [0, 2, 3]),
  ...rows().map((n) => bet('street', [n, n + 1, n + 2])),
  bet('corner', [0, 1, 2, 3]),
  ...all.filter((n) => n <= 32 && n % 3 !== 0).map((n) => bet('corner', [n, n + 1, n + 3, n + 4])),
  ...rows()
    .slice(0, -1)
    .map((n) => bet('six-line', [n, n + 1, n + 2, n + 3, n + 4, n + 5])),
  ...[1, 2, 3].map((c) =>
    named(
      `column:${c}`,
      all.filter((n) => n % 3 === c % 3),
    ),
  ),
  ...[1, 2, 3].map((d) =>
    named(
      `dozen:${d}`,
      all.filter((n) => Math.ceil(n / 12) === d),
    ),
  ),
  named('red', all.filter(isRed)),
  named(
    'black',
    all.filter((n) => !isRed(n)),
  ),
  named(
    'odd',
    all.filter((n) => n % 2 === 1),
  ),
  named(
    'even',
    all.filter((n) => n % 2 === 0),
  ),
  named(
    'low',
    all.filter((n) => n <= 18),
  ),
  named(
    'high',
    all.filter((n) => n >= 19),
  ),
])

function rows(): number[] {
  return all.filter((n) => n % 3 === 1)
}

function bet(kind: string, numbers: number[]): [string, ReadonlySet<number>] {
  return named(`${kind}:${numbers.join('-')}`, numbers)
}

function named(name: string, numbers: number[]): [string, ReadonlySet<number>] {
  return [name, new Set(numbers)]
}
