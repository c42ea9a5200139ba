import { holderOf } from '../appliance/lock.ts'
import { askReady, managementPorts } from '../appliance/nodes.ts'
import { stateOf } from '../appliance/processes.ts'
import type { UnitState } from '../appliance/supervisor.ts'
import { broken, type Check, heldUp, sound } from './finding.ts'

const loopMinutes = 5
const loopEndsMin = 3

export const appliance: Check = {
  id: 'appliance',
  after: [],
  remedy: 'npm start',
  async look({ home, card }) {
    const supervisor = holderOf(home)
    if (!supervisor)
      return broken(
        card
          ? `the supervisor of ${home.dir} is gone; what it had started may still run`
          : `no appliance runs in ${home.dir}`,
        card ? 'npm start takes over what is left' : 'npm start',
      )
    if (!card)
      return broken(`the appliance is still starting, or stops (process ${supervisor.pid})`, 'ask again in a moment')
    return sound(`supervised by process ${supervisor.pid}`)
  },
}

export const processes: Check = {
  id: 'processes',
  after: ['appliance'],
  remedy: 'npx countroom logs',
  async look({ card, now }) {
    const units = card?.processes ?? []
    const faults = units.flatMap((unit) => faultOf(unit, now))
    if (faults.length === 0) return sound(`${units.length} run`)
    const names = faults.map((fault) => fault.name)
    return broken(faults.map((fault) => fault.what).join('; '), `npx countroom logs ${names[0]} says why`)
  },
}

export const ready: Check = {
  id: 'ready',
  after: ['appliance', 'processes', 'postgres', 'keys', 'keys.extractable'],
  remedy: 'npx countroom logs',
  async look(probe) {
    const asked = managementPorts(probe.card?.ports ?? {})
    const answers = await Promise.all(asked.map(async ({ name, port }) => ({ name, why: await askReady(port) })))
    const not = answers.filter(({ why }) => why !== undefined)
    const [first] = not
    if (!first) return sound(`${asked.length} processes are ready`)
    return (
      heldUp(probe, first.name) ??
      broken(not.map(({ name, why }) => `${name}: ${why}`).join('; '), `npx countroom logs ${first.name} says why`)
    )
  },
}

function faultOf(unit: UnitState, now: Date): Array<{ name: string; what: string }> {
  const since = now.getTime() - loopMinutes * 60_000
  const lately = unit.ends.filter((end) => Date.parse(end) > since).length
  if (lately >= loopEndsMin)
    return [{ name: unit.name, what: `${unit.name} ended ${lately} times in the last ${loopMinutes} minutes` }]
  return stateOf(unit.pid) === 'down' ? [{ name: unit.name, what: `${unit.name} is down` }] : []
}
