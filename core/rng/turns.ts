/** One piece of work at a time. */
export type Turns = {
  /** Answers when one is done that began after it was asked for; all who ask before it begins share it. */
  take(): Promise<void>
  readonly running: boolean
}

export function createTurns(work: () => Promise<void>): Turns {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const begin = (): Promise<void> => {
    next = undefined
    const begun = work().finally(() => {
      if (running === begun) running = undefined
    })
    running = begun
    return begun
  }
  return {
    take() {
      if (!running) return begin()
      next ??= running.then(begin, begin)
      return next
    },
    get running() {
      return running !== undefined
    },
  }
}
