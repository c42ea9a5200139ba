import type { Home } from '../appliance/home.ts'
import { holderOf } from '../appliance/lock.ts'
import { cardOf } from '../appliance/running.ts'
import { Trouble } from '../appliance/trouble.ts'
import { type Memories, memoriesIn } from '../backup/index.ts'
import { type Following, readFollowing } from './following.ts'
import { sitesOf } from './members.ts'
import { isFollower, observe, observeElsewhere, whoAnswers } from './observe.ts'
import { type Answered, tellPromotion } from './promotion.ts'
import { answeredOf } from './site-loss.ts'

const startedSecondsMax = 180
const remedy = 'ops/runbooks/second-site.md'

/** What `promote-site` would do. `cores`: whose memories were shown, and until when each had looked. */
export type SitePlan = Following & { node: string; cores: Memories['cores'] }
type Planned = SitePlan & { id: string; seen: Memories | undefined }
export type Promoted = SitePlan & { answered: Answered; seconds: number }

/** What whoever promotes says: who, where the first site's cores' memories are, and why what is missing may be missing. */
export type Said = { by: string; memories?: string | undefined; reason?: string | undefined }

/** @throws Trouble where this is no second site that follows, anybody of the first answers (two sites would take money), or the memories cannot be read */
export async function planPromotion(home: Home, memories?: string): Promise<Planned> {
  const seen = memories === undefined ? undefined : given(memories)
  const sites = sitesOf(home)
  const members = sites ? await observe(home) : []
  const node = members.find(({ role }) => role === 'follows the first site')
  if (!sites?.other || !isFollower(members) || !node)
    throw new Trouble('This is no second site that follows another.', {
      setting: '"cluster" in countroom.json',
      remedy: `npx countroom cluster status; ${remedy}`,
    })
  const { members: elsewhere } = sites.other
  const [answering, alive] = await Promise.all([whoAnswers(elsewhere), observeElsewhere(home, elsewhere)])
  if (answering.length > 0 || alive.length > 0) {
    const roles = alive.map(({ name, role }) => `${name} is ${role}`).join(', ')
    throw new Trouble(
      `The first site answers: ${roles || `an agent at ${answering.join(', ')}`}. Two sites would take money.`,
      { setting: 'promote-site', remedy: `stop every node there first, or cut it off; ${remedy}` },
    )
  }
  const following = readFollowing(home)
  if (!following?.lastCommit)
    throw new Trouble('This site has not copied anything of the first yet.', { setting: 'promote-site', remedy })
  const id = `${sites.names.join()} after timeline ${node.timeline ?? 'unknown'}`
  return { ...following, node: node.name, cores: seen?.cores ?? [], seen, id }
}

/**
 * Lets this site lead instead of the first: by one word to its agent, upon which the starts that were waiting here go on. Whoever decides stands in the
 * same word, so that a promotion that is cut short is answered for all the same.
 *
 * @throws Trouble as `planPromotion`, or when it does not come up
 */
export async function promoteSite(home: Home, { by, reason, memories }: Said): Promise<Promoted> {
  const { seen, id, ...plan } = await planPromotion(home, memories)
  const { lastCommit, heardAt } = plan
  const before = answeredOf(home)?.id
  const began = Date.now()
  const at = new Date(began).toISOString()
  const answer = await tellPromotion(home, plan.node, {
    ...{ id, at, by, lastCommit, heardAt },
    ...(reason === undefined ? {} : { reason }),
    ...(seen ? { memories: seen } : {}),
  })
  if (answer.status !== 200)
    throw new Trouble(`The agent refused: ${answer.why ?? answer.body?.trim() ?? answer.status}.`, {
      setting: 'promote-site',
      remedy: 'npx countroom cluster status, npx countroom logs patroni, and again',
    })
  const answered = await untilItTakesMoney(home, before)
  return { ...plan, answered, seconds: (Date.now() - began) / 1000 }
}

function given(folder: string): Memories {
  const seen = memoriesIn(folder)
  if (seen.heads.length > 0) return seen
  throw new Trouble(`No core’s memory of any booking lies in ${folder}.`, {
    setting: '--memories',
    remedy: `it holds a folder for each core, as continuity/ of a home does: <core>/heads.json; ${remedy}`,
  })
}

/** Its start has ended well when it has answered for this promotion, and what it tells of itself says that it follows nobody. */
async function untilItTakesMoney(home: Home, before: string | undefined): Promise<Answered> {
  for (let waited = 0; waited < startedSecondsMax * 2; waited++) {
    const answered = answeredOf(home)
    const card = cardOf(home)
    if (answered && answered.id !== before && card && !card.follows) return answered
    if (!holderOf(home)) throw notUp('its start has ended')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw notUp(`it does not serve after ${startedSecondsMax} s`)
}

function notUp(why: string): Trouble {
  return new Trouble(`This site was promoted, and ${why}.`, {
    setting: 'promote-site',
    remedy: `the output of its countroom up says why; then npx countroom up; ${remedy}`,
  })
}
