const red = new Set([1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36])
const all = Array.from({ length: 36 }, (_, i) => i + 1)

/** Where a wheel has two zeros, the second is this number; it is called 00. */
export const doubleZero = 37

/** Bets that win or lose half of the numbers 1 to 36 each. */
export const evenChances: readonly string[] = ['red', 'black', 'odd', 'even', 'low', 'high']

export function isRed(number: number): boolean {
  return red.has(number)
}

function nameOf(number: number): string {
  return number === doubleZero ? '00' : String(number)
}

/** The bets around the zeros, which is where tables differ. */
type Zeros = { straights: number[]; splits: number[][]; streets: number[][]; others: Array<[kind: string, number[]]> }

export const singleZero: Zeros = {
  straights: [0],
  splits: [1, 2, 3].map((n) => [0, n]),
  streets: [
    [0, 1, 2],
    [0, 2, 3],
  ],
  others: [['corner', [0, 1, 2, 3]]],
}

/** 0 lies beside 1, 00 beside 3, both beside 2; the basket is all five. */
export const twoZeros: Zeros = {
  straights: [0, doubleZero],
  splits: [
    [0, doubleZero],
    [0, 1],
    [0, 2],
    [doubleZero, 2],
    [doubleZero, 3],
  ],
  streets: [
    [0, 1, 2],
    [0, doubleZero, 2],
    [doubleZero, 2, 3],
  ],
  others: [['basket', [0, doubleZero, 1, 2, 3]]],
}

/**
 * Every bet of a layout by name, with the numbers it covers: `straight:17`, `split:17-18`, `street:16-17-18`,
 * `corner:16-17-19-20`, `six-line:…`, `column:1`, `dozen:1`, `red`, `low` …
 */
export function layoutOf(zeros: Zeros): ReadonlyMap<string, ReadonlySet<number>> {
  return new Map([
    ...[...zeros.straights, ...all].map((n) => bet('straight', [n])),
    ...zeros.splits.map((numbers) => bet('split', numbers)),
    ...all.filter((n) => n % 3 !== 0).map((n) => bet('split', [n, n + 1])),
    ...all.filter((n) => n <= 33).map((n) => bet('split', [n, n + 3])),
    ...zeros.streets.map((numbers) => bet('street', numbers)),
    ...rows().map((n) => bet('street', [n, n + 1, n + 2])),
    ...zeros.others.map(([kind, numbers]) => bet(kind, numbers)),
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
}

function rows(): number[] {
  return all.filter((n) => n % 3 === 1)
}

function bet(kind: string, numbers: number[]): [string, ReadonlySet<number>] {
  return named(`${kind}:${numbers.map(nameOf).join('-')}`, numbers)
}

function named(name: string, numbers: number[]): [string, ReadonlySet<number>] {
  return [name, new Set(numbers)]
}
