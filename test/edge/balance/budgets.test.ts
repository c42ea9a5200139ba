import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HedgeBudget, RetryBudget } from '../../../edge/balance/budget.ts'
import { slowness, UsualLatency } from '../../../edge/balance/latency.ts'
import { Alarm, Wheel } from '../../../edge/balance/wheel.ts'

describe('budgets', () => {
  test('retries are a fifth of what is under way, and never fewer than three', () => {
    const budget = new RetryBudget({ share: 0.2, least: 3 })
    const taken = () => {
      let count = 0
      while (budget.take()) count++
      for (let i = 0; i < count; i++) budget.giveBack()
      return count
    }
    expect(taken()).toBe(3)
    budget.active = 100
    expect(taken()).toBe(20)
  })

  test('hedges are two of a hundred requests, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 2000 }), (wants) => {
        const budget = new HedgeBudget(0.02)
        let hedges = 0
        wants.forEach((late, i) => {
          budget.earn()
          if (late && budget.take()) hedges++
          expect(hedges).toBeLessThanOrEqual((i + 1) * 0.02 + 1e-9)
        })
      }),
    )
  })
})

describe('latency', () => {
  test('a core is slow by what others take for the same, not by what it is asked', () => {
    const usual = new UsualLatency(2)
    let quick = 1
    let slow = 1
    for (let i = 0; i < 500; i++) {
      quick = slowness(quick, usual.note(0, 2))
      slow = slowness(slow, usual.note(0, 6))
      quick = slowness(quick, usual.note(1, 200)) // asked what takes long
    }
    expect(slow / quick).toBeGreaterThan(1.3)
    expect(quick).toBeLessThan(1.1)
  })

  test('late is what hardly any answer is', () => {
    const usual = new UsualLatency(1)
    for (let i = 0; i < 300; i++) usual.note(0, 10 + (i % 5))
    expect(usual.lateMs(0)).toBeGreaterThan(14)
    expect(usual.lateMs(0)).toBeLessThan(30)
  })
})

describe('wheel', () => {
  class Bell extends Alarm {
    rang: number[] = []
    readonly wheel: Wheel
    constructor(wheel: Wheel) {
      super()
      this.wheel = wheel
    }
    ring() {
      this.rang.push(this.wheel.awakeMs)
    }
  }

  test('every alarm rings once, not before its time and no tick later, unless it was cleared', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 12_000 }), fc.boolean()), { maxLength: 100 }),
        (drawn) => {
          const wheel = new Wheel()
          const startMs = performance.now()
          const bells = drawn.map(([ms, cleared]) => {
            const bell = new Bell(wheel)
            wheel.set(bell, ms)
            if (cleared) wheel.clear(bell)
            return bell
          })
          const beforeMs = wheel.awakeMs
          for (let ms = 0; ms <= 12_100; ms += 10) wheel.turn(startMs + ms)
          wheel.close()
          drawn.forEach(([ms, cleared], i) => {
            const { rang } = bells[i]!
            expect(rang).toHaveLength(cleared ? 0 : 1)
            if (cleared) return
            expect(rang[0]! - beforeMs).toBeGreaterThanOrEqual(ms)
            expect(rang[0]! - beforeMs).toBeLessThanOrEqual(ms + 20)
          })
        },
      ),
      { numRuns: 20 },
    )
  })

  test('what a worker slept through itself is nobody’s silence', () => {
    const wheel = new Wheel()
    const before = wheel.awakeMs
    wheel.turn(performance.now() + 60_000)
    expect(wheel.awakeMs - before).toBeLessThanOrEqual(100)
    wheel.close()
  })
})
