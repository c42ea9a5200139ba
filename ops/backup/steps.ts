/** How long each part of something took, in the order it was done. */
export type Steps = Array<{ name: string; seconds: number }>

export function stopwatch(say: (line: string) => void = () => {}) {
  const steps: Steps = []
  return {
    steps,
    async step<T>(name: string, work: () => Promise<T>): Promise<T> {
      const began = performance.now()
      const result = await work()
      const seconds = Math.round(performance.now() - began) / 1000
      steps.push({ name, seconds })
      say(`  ${name}: ${seconds} s`)
      return result
    },
  }
}
