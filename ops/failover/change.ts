import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { agentsOf, type MemberState, observe } from './observe.ts'
import { askPatroni } from './patroni.ts'

export type Change = { from: string | undefined; to: string; seconds: number }

/**
 * Lets another node lead. Planned (`switchover`) the primary hands over and nothing is lost; it wants a primary and a
 * synchronous standby. Forced (`failover`) is for a cluster without a primary that does not help itself: the synchronous
 * standby has all that was acknowledged, and no other is promoted.
 *
 * Two operators at once ask for the same: one change is made, since only one standby may be chosen and a switchover names who hands over. Both
 * may be told of it; who comes after it is refused.
 */
export async function changePrimary(
  home: Home,
  kind: 'switchover' | 'failover',
  { to, dryRun }: { to?: string; dryRun?: boolean },
): Promise<Change> {
  const agents = agentsOf(home)
  const members = await observe(home)
  const primary = members.find(({ role }) => role === 'primary')
  const standby = members.find(({ role }) => role === 'synchronous standby')
  const candidate = choose(kind, { members, primary, standby, to })
  const change = { from: primary?.name, to: candidate.name, seconds: 0 }
  if (dryRun) return change
  const began = Date.now()
  const asked = agents.find(({ name }) => name === (primary ?? candidate).name)!
  const body = { ...(primary ? { leader: primary.name } : {}), candidate: candidate.name }
  const answer = await askPatroni(home, asked, 'POST', `/${kind}`, body)
  if (answer.status !== 200)
    throw new Trouble(`The cluster refused: ${answer.why ?? answer.body?.trim() ?? answer.status}.`, {
      setting: kind,
      remedy: 'npx countroom cluster status, and again; somebody else may have been quicker',
    })
  await untilLeads(home, candidate.name)
  return { ...change, seconds: (Date.now() - began) / 1000 }
}

function choose(
  kind: 'switchover' | 'failover',
  seen: {
    members: MemberState[]
    primary: MemberState | undefined
    standby: MemberState | undefined
    to: string | undefined
  },
): MemberState {
  const { members, primary, standby, to } = seen
  const remedy = 'npx countroom cluster status; ops/runbooks/failover.md'
  if (kind === 'switchover' && !primary)
    throw new Trouble('No node leads, so none can hand over.', {
      setting: 'switchover',
      remedy: 'npx countroom failover',
    })
  if (kind === 'failover' && primary?.state === 'running')
    throw new Trouble(`${primary.name} leads and runs.`, {
      setting: 'failover',
      remedy: 'npx countroom switchover hands over without a loss',
    })
  if (!standby)
    throw new Trouble('There is no synchronous standby: who would be promoted may lack what was acknowledged.', {
      setting: kind,
      remedy,
    })
  const wanted = to === undefined ? standby : members.find(({ name }) => name === to)
  if (!wanted) throw new Trouble(`There is no ${to}.`, { setting: '--to', remedy })
  if (wanted !== standby)
    throw new Trouble(`${wanted.name} is ${wanted.role}: ${standby.name} alone has all that was acknowledged.`, {
      setting: '--to',
      remedy: `npx countroom ${kind} --to ${standby.name}`,
    })
  return wanted
}

async function untilLeads(home: Home, name: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const members = await observe(home).catch(() => [])
    if (members.some((member) => member.name === name && member.role === 'primary' && member.state === 'running'))
      return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Trouble(`${name} was chosen, and does not lead after 30 s.`, {
    setting: name,
    remedy: 'npx countroom cluster status; npx countroom logs patroni',
  })
}
