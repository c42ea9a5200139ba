/** Whether something happened since it was last asked that a copy of this process may have come out of. */
export type Doubts = { arose(): boolean }

const clocksApartMs = 1000

/**
 * A machine that was halted and went on, elsewhere perhaps, has its clocks further apart or closer than they were; one whose kernel was told
 * that it is a copy, or may have been, gives another word than before.
 * @param copied changes when the kernel learns that its machine is a copy
 */
export function watchDoubts(copied: () => string = () => ''): Doubts {
  const apart = () => Date.now() - performance.now()
  let clocks = apart()
  let word = copied()
  return {
    arose() {
      const [nowApart, nowWord] = [apart(), copied()]
      const doubted = Math.abs(nowApart - clocks) > clocksApartMs || nowWord !== word
      if (doubted) {
        clocks = nowApart
        word = nowWord
      }
      return doubted
    },
  }
}
