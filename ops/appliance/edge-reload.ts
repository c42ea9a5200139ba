import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type * as program from '#program'
import type { Card } from '../appliance.ts'
import { exclusively } from '../backup/exclusive.ts'
import { askEdge } from './edge-admin.ts'
import type { Home } from './home.ts'
import { edgeConfig } from './nodes.ts'
import { approvedSum, approveProgram, inspectProgram, onMismatchOf } from './program.ts'
import { runningCard } from './running.ts'
import { readSettings, type Settings } from './settings.ts'
import { edgeAdminSocket } from './sockets.ts'
import { Trouble } from './trouble.ts'

const file = 'run/edge.json'
const lock = 'run/edge-reload.lock'

/** What `edge` and `edgeWorkers` of `countroom.json` say; anything else there is for a start, where its port or its user is made ready, too. */
const parts: ReadonlySet<string> = new Set([
  ...['workers', 'acme', 'tickets'],
  ...['routes', 'limits', 'shedding', 'visitors', 'friction', 'balance'],
])
const partsOfListener: ReadonlySet<string> = new Set(['certificates', 'proxies', 'networks'])

type Rendered = Record<string, unknown> & { listeners: Record<string, Record<string, unknown>> }

/**
 * Has the running edge go by what `countroom.json` says of it now. One that is not valid is refused, and all stays as it was. Where it was approved with the
 * program, it changes by the operator's word only (`approve`), which is written down, and approves nothing else.
 *
 * @throws Trouble
 */
export function reloadEdge(home: Home, { approve }: { approve: boolean }): Promise<{ changed: boolean }> {
  const card = runningCard(home)
  return exclusively(home, 'reload of the edge', () => reload(home, card, approve), lock)
}

async function reload(home: Home, card: Card, approve: boolean): Promise<{ changed: boolean }> {
  const settings = settingsOf(home, card)
  const before = readFileSync(home.path(file), 'utf8')
  const { mode, uid, gid } = statSync(home.path(file))
  const put = (text: string) => home.write(file, text, mode & 0o777, { uid, gid })
  const rendered = edgeConfig(home, { ...settings, telemetry: undefined }, {}) as Rendered
  const after = `${JSON.stringify(merged(JSON.parse(before) as Rendered, rendered), null, 2)}\n`
  const approval = await approvalFor(home, settings, after, approve)
  if (after !== before) put(after)
  const undo = async () => {
    if (after === before) return
    put(before)
    await refusalOfEdge(home)
  }
  const problem = await refusalOfEdge(home)
  if (problem !== undefined) {
    await undo()
    throw new Trouble(problem, { setting: 'edge of countroom.json', remedy: 'correct it; what was in force stays' })
  }
  try {
    await approval?.()
  } catch (error) {
    await undo()
    throw error
  }
  return { changed: after !== before }
}

/** What is still to be done so that a configuration is the approved one; undefined when it is, or none is. @throws Trouble when it may not be */
async function approvalFor(
  home: Home,
  settings: Settings,
  text: string,
  approve: boolean,
): Promise<(() => Promise<unknown>) | undefined> {
  const approved = approvedSum(home, settings, file)
  if (approved === undefined || approved === createHash('sha256').update(text).digest('hex')) return undefined
  if (!approve)
    throw new Trouble('The configuration of the edge would not be what was approved.', {
      setting: 'edge of countroom.json',
      remedy: 'countroom edge reload --approve-program, if it is what you want',
    })
  const { differences, statement } = await inspectProgram(home, settings, 'demand')
  refuseOthers(differences.filter(({ path }) => path !== home.path(file)))
  const onMismatch = onMismatchOf(settings, statement?.onMismatch)
  const command = 'countroom edge reload --approve-program'
  return () => approveProgram(home, settings, { fixedPorts: true, command, onMismatch })
}

/** Whoever closes a route in a hurry approves no other change with it. */
function refuseOthers([first, ...more]: readonly program.Difference[]): void {
  if (first)
    throw new Trouble(
      `Something else is not as approved: ${first.path}${more.length > 0 ? ` and ${more.length} more` : ''}.`,
      {
        setting: '--approve-program',
        remedy: 'countroom verify program; ops/runbooks/program-differs.md',
      },
    )
}

/** Ports that were drawn by lot when it started are known to it alone. */
function settingsOf(home: Home, { ports }: Card): Settings {
  const read = readSettings(home)
  return { ...read, ports: { ...read.ports, ...ports } }
}

/** The parts as they are rendered now, all else as it is; in the order in which a start writes it. */
function merged(before: Rendered, rendered: Rendered): object {
  const { log, ...first } = { ...rendered, log: null }
  const names = new Set([
    ...Object.keys(first),
    ...Object.keys(before).filter((name) => name !== 'log' && !parts.has(name)),
    'log',
  ])
  const listeners = Object.fromEntries(
    Object.entries(before.listeners).map(([face, listener]) => [
      face,
      mixed(listener, rendered.listeners[face]!, partsOfListener),
    ]),
  )
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      name === 'listeners' ? listeners : parts.has(name) ? rendered[name] : before[name],
    ]),
  )
}

function mixed(before: object, rendered: object, taken: ReadonlySet<string>): object {
  const [was, is] = [before, rendered] as Array<Record<string, unknown>>
  const names = new Set([...Object.keys(is!), ...Object.keys(was!).filter((name) => !taken.has(name))])
  return Object.fromEntries([...names].map((name) => [name, taken.has(name) ? is![name] : was![name]]))
}

/** Why the edge does not take what the file says, if it does not. */
async function refusalOfEdge(home: Home): Promise<string | undefined> {
  const answer = await askEdge(edgeAdminSocket(home), 'POST', '/reload')
  if (answer === undefined) return 'The edge does not answer.'
  return answer.status < 400 ? undefined : ((answer.body as { problem?: string }).problem ?? 'The edge refused.')
}
