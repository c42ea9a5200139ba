/**
 * How far something is that takes long, for somebody at a terminal: one line, written over, on standard error, so that what is answered stays clean.
 * Undefined where nobody looks, or what is said is for machines.
 */
export function progressHere(json: boolean | undefined): ((words: string) => void) | undefined {
  if (json || !process.stderr.isTTY) return undefined
  return (words) => void process.stderr.write(`\r\x1b[K${words}`)
}

/** Takes the line away once it is over, however it ended. */
export async function clearing<T>(tell: ((words: string) => void) | undefined, work: Promise<T>): Promise<T> {
  return work.finally(() => tell?.(''))
}
