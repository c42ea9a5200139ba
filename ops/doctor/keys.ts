import { broken, type Check, heldUp, sound } from './finding.ts'

export const keys: Check = {
  id: 'keys',
  after: ['appliance'],
  remedy: 'npx countroom logs keys says why',
  async look(probe) {
    const held = heldUp(probe, 'keys')
    if (held) return held
    await probe.keys().health()
    return sound('the agent answers from its token')
  },
}

/** Reads the attributes from the token itself, as it is now, not as it was when the agent started. */
export const extractable: Check = {
  id: 'keys.extractable',
  after: ['keys'],
  remedy: 'npx countroom logs keys says why',
  async look({ home, keys }) {
    const attributes = Object.entries(await keys().attributes())
    const open = attributes.filter(([, found]) => found.extractable !== false || found.sensitive !== true)
    if (open.length === 0) return sound(`${attributes.length} keys, none extractable`)
    return broken(
      `can be taken out of the token: ${open.map(([name]) => name).join(', ')}`,
      `stop, and restore ${home.path('token')} from a backup; whoever changed it may have the key`,
    )
  },
}
