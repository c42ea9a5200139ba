import { broken, type Check, heldUp, sound } from './finding.ts'

export const keys: Check = {
  id: 'keys',
  after: ['appliance'],
  remedy: 'npx countroom logs keys says why',
  async look(probe) {
    const held = heldUp(probe, 'keys')
    if (held) return held
    await probe.keys().random(1)
    return sound('the agent answers from its token')
  },
}

/** Looks at the keys in the token itself, as they are now, not as they were when the agent started. */
export const extractable: Check = {
  id: 'keys.extractable',
  after: ['keys'],
  remedy: 'npx countroom logs keys says why',
  async look({ home, keys }) {
    try {
      await keys().health()
      return sound(`${Object.keys(await keys().attributes()).length} keys, none extractable, none replaced`)
    } catch (error) {
      return broken(
        (error as Error).message,
        `stop, and restore ${home.path('token')} from a backup; whoever changed it may have the key`,
      )
    }
  },
}
