import { readSettings } from '../appliance/settings.ts'
import { whatIsDue } from '../keys/due.ts'
import { broken, type Check, heldUp, sound, warning } from './finding.ts'

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

/** Nothing stops when a rotation is late; the older a key, the more a thief of it has. */
export const rotation: Check = {
  id: 'keys.rotation',
  after: ['keys', 'postgres', 'postgres.schema'],
  remedy: 'npx countroom keys list',
  async look({ home, keys, sql, now }) {
    const { keyBackupHorizonDays } = readSettings(home)
    const due = await whatIsDue(sql(), keys(), keyBackupHorizonDays, now)
    if (due.length > 0)
      return warning(due.map(({ what }) => what).join('; '), due.map(({ remedy }) => remedy).join('; '))
    return sound('no key is older than it may be, no rotation hangs')
  },
}
