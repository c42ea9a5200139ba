import { note, pause } from './bridge.ts'

/** `k6`: as much of it as `play.js` uses. A check is a rate of its own and counts in `checks`. */
export function check<T>(value: T, conditions: Record<string, (value: T) => unknown>): boolean {
  let all = true
  for (const [name, condition] of Object.entries(conditions)) {
    const holds = Boolean(condition(value))
    note('checks', Number(holds))
    note(`check:${name}`, Number(holds))
    all &&= holds
  }
  return all
}

export function group<T>(_name: string, work: () => T): T {
  return work()
}

export function sleep(seconds: number): void {
  pause(seconds)
}
