import { existsSync, readdirSync, rmSync } from 'node:fs'
import { connectKeys, type Keys } from '#keys'
import { furnishToken } from './furniture.ts'
import { type Home, openHome } from './home.ts'
import { findIdentities } from './identity.ts'
import { stopLeftovers, takeLock } from './lock.ts'
import { keysUnit } from './nodes.ts'
import { askPinHere, typedPin } from './pin.ts'
import { readSettings } from './settings.ts'
import { agentSocket } from './sockets.ts'
import { createSupervisor } from './supervisor.ts'
import { isAgentAway, Trouble, wordsOf } from './trouble.ts'

/** Set when a token's keys were brought from another; a first start must not take it for one that was never used. */
export const joinedMark = 'token/joined'

/** Set while keys are being brought into a new token: until they are in, it is as good as none. */
const joiningMark = 'token/joining'

export function hasToken(home: Home): boolean {
  if (home.has(joiningMark)) return false
  if (readSettings(home).pkcs11) return home.has('token/state/register.json') // somebody else's device: what we made of it
  const folder = home.path('token/tokens')
  return existsSync(folder) && readdirSync(folder).length > 0
}

/**
 * Runs the key agent of a home where nothing runs, waiting for the keys of another node if it has none, and stops it again.
 *
 * @throws Trouble with what the agent said last, where it ended in the middle
 */
export async function withAgentAlone<T>({ dir }: Home, work: (keys: Keys) => Promise<T>): Promise<T> {
  const identities = findIdentities()
  const home = openHome(dir, identities)
  const unlock = takeLock(home)
  const supervisor = createSupervisor(home, () => {})
  try {
    await stopLeftovers(home)
    const isNew = !hasToken(home)
    furnishToken(home, identities)
    if (isNew) home.write(joiningMark, '', 0o600)
    const settings = readSettings(home)
    const pin = await typedPin(settings, askPinHere)
    await supervisor.start(keysUnit(home, settings, identities.users, { firstStart: 'join', pin, alone: true }))
    const keys = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: 60_000 })
    try {
      const result = await work(keys)
      home.write(joinedMark, `${new Date().toISOString()}\n`, 0o600)
      rmSync(home.path(joiningMark), { force: true })
      return result
    } catch (error) {
      throw withLastWords(error, home, supervisor.complaintOf('keys'))
    } finally {
      await keys.close()
    }
  } finally {
    await supervisor.stop()
    unlock()
  }
}

/** Of an agent that is away nobody else can tell why: it runs no more when the operator reads this. */
function withLastWords(error: unknown, home: Home, complaint: string | undefined): unknown {
  if (!isAgentAway(error) || complaint === undefined) return error
  const log = home.path('log/keys.log')
  return new Trouble(`${wordsOf(error)} It said last: ${complaint}`, {
    setting: log,
    remedy: `tail -n 20 ${log}`,
    cause: error,
  })
}
