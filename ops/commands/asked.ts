import { BrokenOff } from '../appliance/trouble.ts'

let inHand = false

/**
 * Aborts when somebody asks this command to stop: by Ctrl-C, by `kill`, or because the terminal is gone, as when SSH is lost. The first asks; later
 * ones, such as npm's copy of Ctrl-C, change nothing: what was begun is ended in order, and nothing is left running.
 */
export function stopAsked(): AbortSignal {
  inHand = true
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.abort())
  return asked.signal
}

/** Whether something is under way that has to be ended in order, also where nobody reads any more what it says. */
export function endsInOrder(): boolean {
  return inHand
}

/** What takes long and may be broken off anywhere. @throws BrokenOff with these words when somebody asked for it */
export async function interruptibly<T>(words: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = stopAsked()
  try {
    return await work(signal)
  } catch (error) {
    throw signal.aborted ? new BrokenOff(words) : error
  }
}
