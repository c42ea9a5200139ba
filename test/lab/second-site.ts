import type { Promoted } from '../../ops/failover/promote-site.ts'
import { crash } from './faults.ts'
import { type Account, compare, play } from './journal.ts'
import type { Lab, LabNode } from './lab.ts'

/** What came of losing the whole first site while people play, and of its coming back. */
export type SiteOutcome = {
  account: Account
  promoted: Promoted
  /** Acknowledged and not in the books of the second site; when the first and the last of them were acknowledged. */
  lost: string[]
  lostAt: { first: number; last: number } | undefined
  /** Acknowledged before the last commit that the promotion told of, and lost all the same: not even one may be. */
  lostBeforeTold: string[]
  doubled: string[]
  /** From the end of the first site until a bet was acknowledged again; the operator's time to decide is none in it. */
  gapSeconds: number
  cutSeconds: number
}

/**
 * People play; the way to the second site is cut for some seconds, so that something is lost for certain; then every machine of the
 * first dies. One command at the second, and players are sent there and ask again what they do not know.
 */
export async function loseFirstSite(lab: Lab, perSecond: number, cutSeconds = 5): Promise<SiteOutcome> {
  const site = siteOf(lab)
  await lab.settled()
  const played = play(lab, perSecond)
  await played.warm()
  await pause(5)
  site.machine.unplug()
  await pause(cutSeconds)
  for (const node of lab.nodes) crash(node)
  const deadMs = Date.now()
  site.machine.plug()
  const words = ['cluster', 'promote-site', '--accept-loss', 'the lab decided', '--yes', '--json']
  const promoted = JSON.parse(site.countroom(...words)) as Promoted
  lab.door = { ...lab.door, address: site.machine.address }
  await pause(10)
  const account = await played.stop()
  const { lost, doubled } = await compare(site.home, account)
  const at = (key: string) => account.acknowledgedAt.get(key)!
  const told = Date.parse(promoted.answered.lastCommit!)
  const times = lost.map(at).sort((a, b) => a - b)
  const again = [...account.acknowledgedAt.values()].filter((each) => each > deadMs).sort((a, b) => a - b)
  return {
    account,
    promoted,
    lost,
    lostAt: times.length > 0 ? { first: times[0]!, last: times.at(-1)! } : undefined,
    lostBeforeTold: lost.filter((key) => at(key) < told),
    doubled,
    gapSeconds: ((again[0] ?? Number.NaN) - deadMs) / 1000,
    cutSeconds,
  }
}

export function siteOf({ site }: Lab): LabNode {
  if (!site) throw new Error('this lab has no second site')
  return site
}

/** What a start says that is refused. @throws Error when it is not */
export async function refusedStart(node: LabNode, ...words: string[]): Promise<string> {
  const error = await node.up(...words).then(
    () => undefined,
    (refusal: Error) => refusal,
  )
  if (!error) throw new Error(`node ${node.number} started`)
  return error.message
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
