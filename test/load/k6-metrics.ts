import { note } from './bridge.ts'

/** `k6/metrics`: names carry their kind, so that the summary knows how to add them up. */
class Metric {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  add(value: number | boolean): void {
    note(this.name, Number(value))
  }
}

export class Trend extends Metric {
  constructor(name: string, _isTime?: boolean) {
    super(`trend:${name}`)
  }
}

export class Counter extends Metric {
  constructor(name: string) {
    super(`counter:${name}`)
  }
}
