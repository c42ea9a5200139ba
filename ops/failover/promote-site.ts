import type { Home } from '../appliance/home.ts'
import { cardOf } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'
import { type Following, readFollowing } from './following.ts'
import { sitesOf } from './members.ts'
import { agentsOf, isFollower, observe, observeElsewhere } from './observe.ts'
import { askPatroni } from './patroni.ts'
import { type Answered, answeredOf, type Decision, decide } from './site-loss.ts'

const startedSecondsMax = 180
const remedy = 'ops/runbooks/second-site.md'

/** What `promote-site` would do. */
export type SitePlan = Following & { node: string }
export type Promoted = SitePlan & { answered: Answered; seconds: number }

/** @throws Trouble where this is no second site that follows, or anybody of the first answers: two sites would take money */
export async function planPromotion(home: Home): Promise<SitePlan> {
  const sites = sitesOf(home)
  const members = sites ? await observe(home) : []
  const node = members.find(({ role }) => role === 'follows the first site')
  if (!sites?.other || !isFollower(members) || !node)
    throw new Trouble('This is no second site that follows another.', {
      setting: '"cluster" in countroom.json',
      remedy: `npx countroom cluster status; ${remedy}`,
    })
  const alive = await observeElsewhere(home, sites.other.members)
  if (alive.length > 0)
    throw new Trouble(
      `The first site answers: ${alive.map(({ name, role }) => `${name} is ${role}`).join(', ')}. Two sites would take money.`,
      { setting: 'promote-site', remedy: `stop every node there first, or cut it off; ${remedy}` },
    )
  const following = readFollowing(home)
  if (!following?.lastCommit)
    throw new Trouble('This site has not copied anything of the first yet.', { setting: 'promote-site', remedy })
  return { ...following, node: node.name }
}

/**
 * Lets this site lead instead of the first: by one word to its agent, upon which the start that was waiting here goes on. Whoever decides is written down
 * before, so that a promotion that is cut short is answered for all the same.
 *
 * @throws Trouble as `planPromotion`, or when it does not come up
 */
export async function promoteSite(home: Home, decision: Decision): Promise<Promoted> {
  const plan = await planPromotion(home)
  const began = Date.now()
  const agent = agentsOf(home).find(({ name }) => name === plan.node)!
  decide(home, decision)
  const answer = await askPatroni(home, agent, 'PATCH', '/config', { standby_cluster: null })
  if (answer.status !== 200) {
    decide(home, undefined)
    throw new Trouble(`The agent refused: ${answer.why ?? answer.body?.trim() ?? answer.status}.`, {
      setting: 'promote-site',
      remedy: 'npx countroom cluster status, npx countroom logs patroni, and again',
    })
  }
  const answered = await untilItTakesMoney(home)
  return { ...plan, answered, seconds: (Date.now() - began) / 1000 }
}

async function untilItTakesMoney(home: Home): Promise<Answered> {
  for (let waited = 0; waited < startedSecondsMax * 2; waited++) {
    const answered = answeredOf(home)
    if (answered && cardOf(home)?.follows === undefined) return answered
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Trouble(`This site was promoted, and does not serve after ${startedSecondsMax} s.`, {
    setting: 'promote-site',
    remedy: `npx countroom status; the output of its countroom up says why; ${remedy}`,
  })
}
