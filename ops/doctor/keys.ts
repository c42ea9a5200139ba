import { connectKeys } from '#keys'
import { componentsOf } from '../appliance/components.ts'
import type { Home } from '../appliance/home.ts'
import { readSettings, type Settings } from '../appliance/settings.ts'
import { agentSocket, presentComponent } from '../appliance/sockets.ts'
import { wordsOf } from '../appliance/trouble.ts'
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

/** Comes to the agent as each of its clients would that connects anew, with its certificate; what is open goes on without. */
export const admission: Check = {
  id: 'keys.admission',
  after: ['keys', 'certificates', 'pki.enrolled'],
  remedy: 'npx countroom logs keys says why',
  async look({ home }) {
    const clients = clientsOf(readSettings(home))
    const faults = (await Promise.all(clients.map((client) => faultOf(home, client)))).flat()
    if (faults.length === 0) return sound(`${clients.length} components come in by their certificates`)
    return broken(`whoever connects anew is not let in: ${faults.join('; ')}`, 'npx countroom pki renew')
  },
}

type Client = { name: string; socket: 'core' | 'work' }

/** Commands of the operator's ask as core does. */
function clientsOf(settings: Settings): Client[] {
  return componentsOf(settings).flatMap(({ name, role }): Client[] => {
    if (role === 'core' || role === 'ops') return [{ name, socket: 'core' }]
    return role === 'work' ? [{ name, socket: 'work' }] : []
  })
}

async function faultOf(home: Home, { name, socket }: Client): Promise<string[]> {
  const presenting = presentComponent(home, socket, name)
  const keys = connectKeys({ socket: agentSocket(home, socket), presenting, deadlineMs: 2000 })
  try {
    await keys.random(1)
    return []
  } catch (error) {
    return [`${name}: ${wordsOf(error)}`]
  } finally {
    await keys.close()
  }
}
