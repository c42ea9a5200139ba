import type { EdgeConfig } from './config.ts'

/** The configuration as it is now. What is asked for each time follows a change; who keeps something made of it hears of the change. */
export type Live = {
  current(): EdgeConfig
  onChange(hear: (now: EdgeConfig, before: EdgeConfig) => void): void
  apply(next: EdgeConfig): void
}

export function openLive(first: EdgeConfig): Live {
  let current = first
  const listeners: Array<(now: EdgeConfig, before: EdgeConfig) => void> = []
  return {
    current: () => current,
    onChange: (hear) => {
      listeners.push(hear)
    },
    apply(next) {
      const before = current
      current = next
      for (const hear of listeners) hear(next, before)
    },
  }
}
