/**
 * A threshold as monitoring plugins write it (Monitoring Plugins development guidelines, "Threshold and ranges"): `10` alerts
 * outside 0–10, `10:` below 10, `~:10` above 10, `10:20` outside, `@10:20` inside.
 */
export type Range = { text: string; holds(value: number): boolean }

const shape = /^(@?)(?:(~|-?\d+(?:\.\d+)?)?:)?(-?\d+(?:\.\d+)?)?$/

/** @throws RangeError when it is none */
export function readRange(text: string): Range {
  const [, inside, low, high] = shape.exec(text) ?? []
  const min = low === undefined ? 0 : low === '~' ? -Infinity : Number(low)
  const max = high === undefined ? Infinity : Number(high)
  if (inside === undefined || (low === undefined && high === undefined) || min > max)
    throw new RangeError(`"${text}" is no range; 10, 10:, ~:10, 10:20 and @10:20 are`)
  const within = (value: number) => value >= min && value <= max
  return { text, holds: (value) => (inside === '@' ? !within(value) : within(value)) }
}
