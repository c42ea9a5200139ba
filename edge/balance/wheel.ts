const tickMs = 10
const slotCount = 512 // five seconds a turn; what is due later passes by
const pauseTicksMax = 10

/** Something that is due at an instant. One of these can wait once at a time. */
export abstract class Alarm {
  dueTick = 0
  before: Alarm | undefined
  after: Alarm | undefined
  abstract ring(): void
}

class Slot extends Alarm {
  ring(): void {}
}

/**
 * A hashed timing wheel (Varghese and Lauck, 1987): one timer of the worker for whatever its requests wait for. Setting and clearing cost
 * two pointers, so a request that needs its alarm one time in a thousand may set it every time.
 */
export class Wheel {
  /**
   * Milliseconds that this worker was awake, by ticks: its alarms go by this. What it slept through itself (a pause of the collector, a
   * stopped machine) is no time that anybody else was silent or late for.
   */
  awakeMs = 0
  #tick = 0
  #turnedMs = performance.now()
  readonly #slots = Array.from({ length: slotCount }, () => {
    const slot = new Slot()
    slot.before = slot
    slot.after = slot
    return slot
  })
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.turn(performance.now()), tickMs)
    this.#timer.unref()
  }

  /** Rings once, at the first tick after so many milliseconds. */
  set(alarm: Alarm, afterMs: number): void {
    this.clear(alarm)
    alarm.dueTick = this.#tick + Math.max(1, Math.ceil(afterMs / tickMs))
    const slot = this.#slots[alarm.dueTick % slotCount] as Slot
    alarm.before = slot.before
    alarm.after = slot
    ;(slot.before as Alarm).after = alarm
    slot.before = alarm
  }

  clear(alarm: Alarm): void {
    if (alarm.before === undefined) return
    alarm.before.after = alarm.after
    ;(alarm.after as Alarm).before = alarm.before
    alarm.before = undefined
    alarm.after = undefined
  }

  /** Turns up to an instant of `performance.now()`, but not through a pause: what came in during it is read first. */
  turn(nowMs: number): void {
    const passed = Math.floor((nowMs - this.#turnedMs) / tickMs)
    this.#turnedMs += passed * tickMs
    for (let turned = 0; turned < Math.min(passed, pauseTicksMax); turned++) {
      this.awakeMs += tickMs
      this.#ringSlot(++this.#tick)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #ringSlot(tick: number): void {
    const slot = this.#slots[tick % slotCount] as Slot
    const due: Alarm[] = []
    for (let alarm = slot.after as Alarm; alarm !== slot; alarm = alarm.after as Alarm)
      if (alarm.dueTick <= tick) due.push(alarm)
    for (const alarm of due) {
      if (alarm.before === undefined || alarm.dueTick > tick) continue // cleared, or set anew, by one that rang before it
      this.clear(alarm)
      alarm.ring()
    }
  }
}
