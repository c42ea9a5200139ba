import { telling } from './while.ts'

/** How long each part of something took, in the order it was done. */
export type Steps = Array<{ name: string; seconds: number }>

export type Telling = {
  /** Hears of each part once it is done. */
  say?: ((line: string) => void) | undefined
  /** Hears each second how far a part is. */
  tell?: ((words: string) => void) | undefined
}

export function stopwatch({ say = () => {}, tell }: Telling = {}) {
  const steps: Steps = []
  return {
    steps,
    /** `percent`: how much of it is done, where that can be seen. */
    async step<T>(name: string, work: () => Promise<T>, percent?: () => number): Promise<T> {
      const began = performance.now()
      const far = () => {
        const part = percent === undefined ? '' : `${Math.min(100, percent()).toFixed(0)} %, `
        return `  ${name}: ${part}${Math.round((performance.now() - began) / 1000)} s`
      }
      const result = await telling(tell, far, work())
      const seconds = Math.round(performance.now() - began) / 1000
      steps.push({ name, seconds })
      tell?.('')
      say(`  ${name}: ${seconds} s`)
      return result
    },
  }
}
