/** True for somebody who asked their system for less motion: then nothing moves, it is simply there. */
export const calm = matchMedia('(prefers-reduced-motion: reduce)').matches

/** A stretch of time that can be cut short: what is shown is known already, and nobody has to wait for it. */
export class Patience {
  #hurry = false
  #wake: (() => void) | undefined

  get hurried(): boolean {
    return this.#hurry
  }

  begin(): void {
    this.#hurry = false
  }

  hurry(): void {
    this.#hurry = true
    this.#wake?.()
  }

  pause(ms: number): Promise<void> {
    if (this.#hurry || ms <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      const wake = this.#wake
      this.#wake = () => {
        wake?.()
        clearTimeout(timer)
        done()
      }
      function done() {
        resolve()
      }
    })
  }
}

/** Runs animations to their end, or until nobody wants to wait; what they moved then stands as its style says. */
export async function run(begin: () => readonly Animation[], patience: Patience): Promise<void> {
  if (calm || patience.hurried) return
  const animations = begin()
  const ms = Math.max(0, ...animations.map(({ effect }) => Number(effect?.getComputedTiming().endTime ?? 0)))
  await Promise.race([Promise.all(animations.map(({ finished }) => finished)), patience.pause(ms)])
  for (const animation of animations) animation.cancel()
}

/** Paints each frame of a stretch of time by how much of it has gone, from 0 to 1; the last one also when nobody waits. */
export async function frames(ms: number, patience: Patience, paint: (gone: number) => void): Promise<void> {
  let over = calm || patience.hurried
  const begun = performance.now()
  const frame = (now: number) => {
    if (over) return
    paint(Math.min(1, Math.max(0, now - begun) / ms))
    requestAnimationFrame(frame)
  }
  if (!over) {
    requestAnimationFrame(frame)
    await patience.pause(ms)
  }
  over = true
  paint(1)
}

/** Shows every step from one amount to the other, the last one exactly. */
export async function countUp(from: bigint, to: bigint, ms: number, paint: (amount: bigint) => void): Promise<void> {
  const steps = calm || ms <= 0 ? 1 : Math.max(1, Math.round(ms / 40))
  for (let step = 1; step <= steps; step++) {
    paint(from + ((to - from) * BigInt(step)) / BigInt(steps))
    if (step < steps) await new Promise((resolve) => setTimeout(resolve, 40))
  }
}
