import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCommand } from '#base'
import { connectKeys } from '#keys'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { presentOps } from '../../ops/appliance/sockets.ts'
import { readFollowing } from '../../ops/failover/following.ts'
import type { Invitation } from '../../ops/failover/invite.ts'
import { agentsOf, type MemberState, observe } from '../../ops/failover/observe.ts'
import { askPatroni } from '../../ops/failover/patroni.ts'
import { employ, staffPassword } from '../support/staff.ts'
import { type Disk, openDisk } from './disk.ts'
import { command, kill, type Machine, node, openNetwork } from './network.ts'

/** A node of the lab: a machine, the home on it, and the `countroom up` that runs it. */
export type LabNode = {
  number: number
  machine: Machine
  /** Under its home. */
  disk: Disk
  home: string
  /** Words that start what stands behind them, where a machine is made otherwise than it is installed. */
  startedBy: readonly string[]
  /** Runs the operator's command there; its output. */
  countroom(...words: string[]): string
  up(...words: string[]): Promise<void>
  /** Ends it in order. */
  stop(): Promise<void>
}

export type Lab = {
  nodes: LabNode[]
  edges: LabNode[]
  /** Another site that follows this one, where it was asked for. */
  site: LabNode | undefined
  /** Where players come in, and whom they believe. */
  door: { address: string; ca: string }
  /** Where all nodes back up to, when they do. */
  repository: string
  /** What opens the keys of a package to `cluster join`. */
  custodians: string[]
  /** Of players with money, signed in. */
  cookies: string[]
  members(): Promise<MemberState[]>
  /** Waits until one leads, all run and one is the synchronous standby. */
  settled(secondsMax?: number): Promise<MemberState[]>
  down(): Promise<void>
}

/** Plenty for what a trial books; the images are sparse. */
const diskMegabytes = 4096

type Say = (line: string) => void

/**
 * A cluster of three nodes on this machine, each in a network namespace of its own, made as an operator makes one: a home that stands
 * alone, a ceremony, a backup of keys, an invitation for each of the others. `archived`: with a repository that all of them reach.
 */
export async function openLab(
  options: { say?: Say; archived?: boolean; settings?: object; players?: number; site?: boolean } = {},
): Promise<Lab> {
  const say = options.say ?? (() => {})
  const folder = mkdtempSync('/tmp/countroom-lab-')
  chmodSync(folder, 0o755)
  const network = openNetwork()
  const nodes = [1, 2, 3].map((number) => labNode(number, network.machine(10 + number), join(folder, `node-${number}`)))
  const edges = [1, 2].map((number) => labNode(number, network.machine(20 + number), join(folder, `edge-${number}`)))
  const site = options.site ? labNode(4, network.machine(31), join(folder, 'node-4')) : undefined
  const virtualAddress = network.gateway.replace(/\d+$/, '100')
  const lab: Lab = {
    nodes,
    edges,
    site,
    door: { address: virtualAddress, ca: join(folder, 'node-1/tls/ca.pem') },
    repository: join(folder, 'repository'),
    custodians: [],
    cookies: [],
    members,
    settled,
    async down() {
      await Promise.all([...nodes, ...edges, ...(site ? [site] : [])].map((each) => each.stop().catch(() => {})))
      network.down()
      for (const { disk } of [...nodes, ...edges, ...(site ? [site] : [])]) disk.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    const [first] = nodes
    const backup = { repositories: [{ directory: lab.repository }], drillDays: 0 }
    const settings = { cores: 1, ...(options.archived ? { backup } : {}), ...options.settings }
    writeFileSync(join(first!.home, 'countroom.json'), JSON.stringify(settings))
    say('One node that stands alone')
    await first!.up()
    say('Players with money')
    const { home, machine } = first!
    const populate = join(import.meta.dirname, 'populate.ts')
    lab.cookies = JSON.parse(machine.run(node, [populate, home, String(options.players ?? 10)])) as string[]
    say('Two of staff, a ceremony, a backup of keys')
    const shares = await ceremony(first!, join(folder, 'shares'))
    const keys = JSON.parse(first!.countroom('keys', 'backup', '--json')) as {
      path: string
      unsealed: string[]
    }
    say('Invitations')
    const addresses = (of: LabNode[]) => of.map(({ machine }) => machine.address).join(',')
    const made = first!.countroom(
      ...['cluster', 'invite', '--addresses', addresses(nodes), '--edges', addresses(edges)],
      ...(site ? ['--second-site', site.machine.address] : []),
      ...['--virtual-address', virtualAddress, '--keys', keys.path, '--out', join(folder, 'packages'), '--json'],
    )
    await first!.stop()
    const opened = ['--shares', shares.join(','), '--without', keys.unsealed.join(',')]
    for (const { node: name, file, code } of JSON.parse(made) as Invitation[]) {
      const invited = [...nodes, ...edges, site].find((each) => each?.home.endsWith(name))!
      invited.countroom('cluster', 'join', file, '--code', code, ...(edges.includes(invited) ? [] : opened))
    }
    lab.custodians = opened
    say('Three nodes')
    await Promise.all(nodes.map((each) => each.up(...(each === first ? ['--approve-program'] : []))))
    await settled()
    say('Two edges')
    await Promise.all(edges.map((each) => each.up()))
    if (site) {
      say('A second site')
      await site.up()
      await follows(site)
    }
    return lab
  } catch (error) {
    if (process.env.COUNTROOM_LAB_KEEP === undefined) await lab.down()
    else say(`kept: ${folder}`)
    throw error
  }

  /** Until the data are there, and nothing of the first site's is missing. */
  async function follows({ home }: LabNode): Promise<void> {
    for (let waited = 0; waited < 240; waited++) {
      const [member] = await observe(viewHome(home)).catch(() => [])
      const { lagBytes = null } = readFollowing(viewHome(home)) ?? {}
      if (member?.role === 'follows the first site' && member.state === 'running' && lagBytes !== null) return
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    throw new Error(`the second site does not follow:\n${read(join(home, 'up.log'))}`)
  }

  /** As the first node that answers sees them; none when none does. */
  async function members(): Promise<MemberState[]> {
    for (const { home } of nodes) {
      const seen = await observe(viewHome(home)).catch(() => undefined)
      if (seen) return seen
    }
    return []
  }

  /** Who was cut off tells for some seconds what was before. */
  async function agreed(): Promise<boolean> {
    const home = viewHome(nodes[0]!.home)
    const told = agentsOf(home).map(async (agent) => {
      const { body = '{}' } = await askPatroni(home, agent, 'GET', '/cluster')
      const { members: seen = [] } = JSON.parse(body) as {
        members?: Array<{ name: string; role: string; timeline?: number }>
      }
      const leader = seen.find(({ role }) => /leader/.test(role))
      return `${leader?.name} ${leader?.timeline}`
    })
    return new Set(await Promise.all(told)).size === 1
  }

  async function settled(secondsMax = 120): Promise<MemberState[]> {
    const until = Date.now() + secondsMax * 1000
    for (;;) {
      const seen = await members()
      const primary = seen.filter(({ role }) => role === 'primary')
      const guarded = seen.some(({ role }) => role === 'synchronous standby')
      const running = seen.every(({ state }) => ['running', 'streaming'].includes(state))
      if (primary.length === 1 && guarded && running && (await agreed())) return seen
      if (Date.now() > until) throw new Error(`the cluster did not settle: ${JSON.stringify(seen)}`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

function labNode(number: number, machine: Machine, home: string): LabNode {
  const env = { COUNTROOM_HOME: home }
  const disk = openDisk(home, diskMegabytes)
  let running: ReturnType<Machine['start']> | undefined
  return {
    number,
    machine,
    disk,
    home,
    startedBy: [],
    countroom: (...words) => machine.run(node, command(...words), { env }),
    async up(...words) {
      const log = join(home, 'up.log')
      const [program, ...rest] = [...this.startedBy, node, ...command('up', ...words)]
      const child = machine.start(program!, rest, env, openSync(log, 'a'))
      running = child
      const card = join(home, 'run/appliance.json')
      for (;;) {
        const text = read(card)
        if (text && parentOf((JSON.parse(text) as { supervisor: number }).supervisor) === child.pid) return
        if (child.exitCode !== null) throw new Error(`node ${number} did not start:\n${read(log)}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    async stop() {
      const child = running
      running = undefined
      if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      kill(child.pid, 'SIGTERM')
      await ended
    },
  }
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`) ?? ''
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** Answers the files of two shares, which are a quorum. */
async function ceremony({ home, machine }: LabNode, out: string): Promise<string[]> {
  const sql = connect(viewHome(home), 'app')
  const keys = connectKeys(presentOps(viewHome(home)))
  try {
    const credentials: Array<{ login: string; password: string }> = []
    for (let i = 0; i < 2; i++) {
      const { login } = await sql.begin((tx) =>
        employ(tx, { ...systemCommand('lab'), keys }, { role: 'administrator' }),
      )
      credentials.push({ login, password: staffPassword })
    }
    machine.run(
      node,
      command('keys', 'ceremony', '--custodians', 'ada,grace,edsger', '--threshold', '2', '--out', out, '--json'),
      { env: { COUNTROOM_HOME: home }, input: JSON.stringify(credentials) },
    )
    return ['ada', 'grace'].map((name) => join(out, `${name}.share`))
  } finally {
    await sql.end({ timeout: 5 })
    await keys.close()
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
