import { readFileSync } from 'node:fs'
import type { Card } from '../appliance.ts'
import { askEdge } from './edge-admin.ts'
import type { Home } from './home.ts'
import { findIdentities } from './identity.ts'
import { edgeConfig } from './nodes.ts'
import { configurationMode, configurationOwner } from './ownership.ts'
import { approveProgram, isApproved } from './program.ts'
import { runningCard } from './running.ts'
import { readSettings, type Settings } from './settings.ts'
import { edgeAdminSocket } from './sockets.ts'
import { Trouble } from './trouble.ts'

const file = 'run/edge.json'

/** What `countroom.json` says of the edge alone; anything else there is for a start. */
const parts = [
  ...['workers', 'listeners', 'acme', 'tickets'],
  ...['routes', 'limits', 'shedding', 'visitors', 'friction', 'balance'],
]

/**
 * Has the running edge go by what `countroom.json` says of it now. One that is not valid is refused, and all stays as it was. What was approved with the program is
 * changed by the operator's word only (`approve`), which is written down.
 *
 * @throws Trouble
 */
export async function reloadEdge(home: Home, { approve }: { approve: boolean }): Promise<{ changed: boolean }> {
  const settings = settingsOf(home, runningCard(home))
  const { users } = findIdentities()
  const owner = configurationOwner(users, 'edge')
  const before = readFileSync(home.path(file), 'utf8')
  const after = `${JSON.stringify(merged(JSON.parse(before) as object, edgeConfig(home, settings, users)), null, 2)}\n`
  if (after === before) return { changed: false }
  const isBound = isApproved(home, settings, file)
  if (isBound && !approve)
    throw new Trouble('The configuration of the edge would no longer be what was approved.', {
      setting: 'edge of countroom.json',
      remedy: 'countroom edge reload --approve-program, if it is what you want',
    })
  home.write(file, after, configurationMode, owner)
  const problem = await refusalOfEdge(home)
  if (problem !== undefined) {
    home.write(file, before, configurationMode, owner)
    await refusalOfEdge(home)
    throw new Trouble(problem, { setting: 'edge of countroom.json', remedy: 'correct it; what was in force stays' })
  }
  if (isBound)
    await approveProgram(home, settings, { fixedPorts: true, command: 'countroom edge reload --approve-program' })
  return { changed: true }
}

/** Ports that were drawn by lot when it started are known to it alone. */
function settingsOf(home: Home, { ports }: Card): Settings {
  const read = readSettings(home)
  return { ...read, ports: { ...read.ports, ...ports } }
}

/** As a start would have written it, in the order of what is there. */
function merged(before: Record<string, unknown> | object, rendered: Record<string, unknown>): object {
  const kept = Object.entries(before).filter(([name]) => !parts.includes(name) || rendered[name] !== undefined)
  const now = kept.map(([name, value]) => [name, parts.includes(name) ? rendered[name] : value])
  const added = parts.filter((name) => !(name in before) && rendered[name] !== undefined)
  return Object.fromEntries([...now, ...added.map((name) => [name, rendered[name]])])
}

/** Why the edge does not take what the file says, if it does not. */
async function refusalOfEdge(home: Home): Promise<string | undefined> {
  const answer = await askEdge(edgeAdminSocket(home), 'POST', '/reload')
  if (answer === undefined) return 'The edge does not answer.'
  return answer.status < 400 ? undefined : ((answer.body as { problem?: string }).problem ?? 'The edge refused.')
}
