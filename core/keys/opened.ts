import type { KeyObject } from 'node:crypto'

const openedMax = 10_000
export const openedSecondsMax = 300
const sweepSeconds = 15

type Opened = { key: KeyObject; player: string; until: number }

/**
 * Data keys that this process opened a while ago. They spare the token work and decide nothing: whoever asks has read the
 * row of the key just now, so a shredded key is refused at once everywhere. Each is let go of after `openedSecondsMax`, used
 * or not, which is how long a key can outlive its erasure in the memory of another process.
 */
export function openedKeys(now: () => number = () => performance.now()) {
  const opened = new Map<string, Opened>()
  setInterval(sweep, sweepSeconds * 1000).unref()
  return {
    find(name: string): KeyObject | undefined {
      const found = opened.get(name)
      return found && found.until > now() ? found.key : undefined
    },
    keep(name: string, player: string, key: KeyObject): void {
      opened.delete(name)
      if (opened.size >= openedMax) opened.delete(opened.keys().next().value!)
      opened.set(name, { key, player, until: now() + openedSecondsMax * 1000 })
    },
    /** All keys of a player, in this process. */
    forget(player: string): void {
      for (const [name, each] of opened) if (each.player === player) opened.delete(name)
    },
    sweep,
    get size() {
      return opened.size
    },
  }

  /** The oldest stand first. */
  function sweep(): void {
    for (const [name, each] of opened) {
      if (each.until > now()) return
      opened.delete(name)
    }
  }
}
