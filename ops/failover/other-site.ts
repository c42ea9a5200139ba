import { z } from 'zod'
import type { Home } from '../appliance/home.ts'
import { type Following, readFollowing, wordsOfFollowing } from './following.ts'
import { sitesOf } from './members.ts'
import { linesOf, type MemberState, observeElsewhere } from './observe.ts'
import { askPatroni } from './patroni.ts'

/** The site beside this one, and what is known of the way between them. */
export type OtherSite = {
  is: 'first' | 'second'
  /** None when nobody there answers. */
  members: MemberState[]
  /** Seen from a second site: how far it has followed. */
  following?: Following
  /** Seen from the first: the newest commit that has arrived at the second. */
  lastCommit?: string
}

const follower = z.object({ replayed_timestamp: z.string().nullish() })

/** Undefined where there is one site. */
export async function observeOther(home: Home): Promise<OtherSite | undefined> {
  const other = sitesOf(home)?.other
  if (!other) return undefined
  const members = await observeElsewhere(home, other.members)
  if (other.is === 'first') {
    const following = readFollowing(home)
    return { is: 'first', members, ...(following ? { following } : {}) }
  }
  const at = members.find(({ role }) => role === 'follows the first site')
  const agent = other.members.find(({ host }) => host === at?.address)
  const answer = agent && (await askPatroni(home, { host: agent.host, port: agent.ask }, 'GET', '/patroni'))
  const seen = answer?.body ? z.object({ xlog: follower }).safeParse(JSON.parse(answer.body)) : undefined
  const told = seen?.success ? seen.data.xlog.replayed_timestamp : undefined
  return { is: 'second', members, ...(told ? { lastCommit: new Date(told).toISOString() } : {}) }
}

export function wordsOfOther({ is, members, following, lastCommit }: OtherSite): string[] {
  const silent =
    members.length === 0 ? [`nobody answers${is === 'second' ? ': what is booked now is here alone' : ''}`] : []
  return [
    `The ${is} site:`,
    ...linesOf(members),
    ...silent,
    ...(following ? [`This site: ${wordsOfFollowing(following)}`] : []),
    ...(lastCommit ? [`The newest commit there is of ${lastCommit}`] : []),
  ].map((line, i) => (i === 0 ? line : `  ${line}`))
}
