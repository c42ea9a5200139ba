import { userInfo } from 'node:os'
import { type Actor, Refusal } from '#base'
import type * as pki from '#pki'
import { openPlace, type Place } from '../../appliance/certificates.ts'
import { knownHome, runningCard } from '../../appliance/running.ts'
import { readSettings } from '../../appliance/settings.ts'
import { Trouble, wordsOf } from '../../appliance/trouble.ts'

/**
 * Does something with the authority of the running appliance, in the name of whoever types, and writes files as the
 * appliance does.
 *
 * @throws Trouble when nothing runs, or with what the authority says no to
 */
export async function atPlace<T>(work: (place: Place, command: pki.SigningCommand) => Promise<T>): Promise<T> {
  const home = knownHome()
  const card = runningCard(home)
  const settings = readSettings(home)
  const place = openPlace(home, { ...settings, ports: { ...settings.ports, ...card.ports } })
  const actor: Actor = { kind: 'system', id: `countroom pki (${userInfo().username})` }
  try {
    return await work(place, { actor, now: new Date(), requestId: '', keys: place.keys })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Trouble(wordsOf(error), { setting: error.code, remedy: 'npx countroom pki list', cause: error })
  } finally {
    await place.close()
  }
}
