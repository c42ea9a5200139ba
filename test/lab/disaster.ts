import { viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { withEngine } from '../../ops/backup/engine.ts'
import { restore } from '../../ops/backup/index.ts'
import { crash } from './faults.ts'
import { compare, play } from './journal.ts'
import type { Lab } from './lab.ts'

export const disaster = 'everything but the archive burns'

/** Longer than what is not archived yet may be old. */
const seconds = 75

/** What is left when all machines burn and the archive does not. */
export type Disaster = {
  acknowledged: number
  lost: number
  doubled: number
  /** From the first answer that is not in what came back until everything died; 0 when all of them are. */
  lostSeconds: number
  /** Until it was back on a bare folder, and proven. */
  restoreSeconds: number
  frozen: boolean
}

/**
 * Everybody plays; then all nodes die at once, their data with them. The repository and the token of one are left: a home is made of them, and its
 * books are asked for everything that was acknowledged. The lab is of no more use after it.
 */
export async function loseEverything(lab: Lab, perSecond: number): Promise<Disaster> {
  await lab.settled()
  const played = play(lab, perSecond)
  await played.warm()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  for (const node of lab.nodes) crash(node)
  const diedAt = Date.now()
  const account = await played.abandon()
  const home = `${lab.repository}-restored`
  const began = performance.now()
  const { loss } = await restore({ home, from: lab.repository, target: { kind: 'now' }, keysOf: lab.nodes[0]!.home })
  const restoreSeconds = (performance.now() - began) / 1000
  const view = viewHome(home)
  const { users } = findIdentities()
  const { lost, doubled } = await withEngine(view, readSettings(view), users, () => compare(home, account))
  const firstAt = Math.min(diedAt, ...lost.map((key) => account.acknowledgedAt.get(key)!))
  return {
    acknowledged: account.acknowledged.size,
    lost: lost.length,
    doubled: doubled.length,
    lostSeconds: (diedAt - firstAt) / 1000,
    restoreSeconds,
    frozen: loss.frozen,
  }
}
