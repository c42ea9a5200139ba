import { readSettings } from '../appliance/settings.ts'
import { readFollowing } from '../failover/following.ts'
import { clusterOf, sitesOf } from '../failover/members.ts'
import { isFollower, isWhole, observe, observeCluster } from '../failover/observe.ts'
import { broken, type Check, sound, warning } from './finding.ts'

const remedy = 'npx countroom cluster status; ops/runbooks/failover.md'
const siteRemedy = 'npx countroom cluster status; ops/runbooks/second-site.md'
const behindSecondsMax = 60
const lagBytesMax = 64 * 1024 * 1024

/** In a cluster: somebody leads, a standby is waited for, and whoever else there is follows. */
export const cluster: Check = {
  id: 'cluster',
  after: ['appliance'],
  remedy,
  async look({ home }) {
    if (!clusterOf(home)) return sound('this home stands alone')
    const { members, paused } = await observeCluster(home)
    if (isFollower(members)) {
      const { behindSeconds } = readFollowing(home) ?? { behindSeconds: null }
      if (behindSeconds === null || behindSeconds > behindSecondsMax)
        return warning(
          `it follows the first site, ${behindSeconds?.toFixed(0) ?? 'nobody knows how many'} s behind`,
          siteRemedy,
        )
      return sound('it follows the first site, and takes no money')
    }
    const primary = members.find(({ role }) => role === 'primary')
    if (primary?.state !== 'running') return broken('no node leads, so no money moves', remedy)
    if (!isWhole(members))
      return broken(`${primary.name} leads and no standby is synchronous: commits wait, so no money moves`, remedy)
    if (paused)
      return warning(
        `${primary.name} leads, and somebody paused the cluster: if it dies, nobody takes over`,
        `npx countroom cluster resume, once the work is done; ${remedy}`,
      )
    const away = members.filter(({ role }) => role === 'away').map(({ name }) => name)
    if (away.length > 0) return warning(`${away.join(', ')} is away: the next loss stops money`, remedy)
    const behind = members.filter(({ lagBytes = 0 }) => lagBytes > lagBytesMax).map(({ name }) => name)
    if (behind.length > 0) return warning(`${behind.join(', ')} is more than 64 MiB behind`, remedy)
    return sound(`${primary.name} leads, ${members.length} nodes`)
  },
}

/** What each node's settings say of a second site is the same everywhere: they fence this site, and keep the log that it may miss. */
export const secondSite: Check = {
  id: 'cluster.second-site',
  after: ['appliance', 'cluster'],
  remedy: siteRemedy,
  async look({ home }) {
    if (!sitesOf(home)) return sound('this home stands alone')
    const own = readSettings(home).cluster?.secondSite?.join()
    const members = (await observe(home)).filter(({ role }) => role !== 'away')
    const told = own ?? members.find((member) => member.secondSite)?.secondSite?.join()
    if (!told) return sound('no second site follows')
    const others = members.filter((member) => member.secondSite?.join() !== told).map(({ name }) => name)
    if (own && others.length === 0) return sound(`${told} follows, as every node knows`)
    const who = own ? `the settings of ${others.join(', ')} do` : 'countroom.json of this node does'
    return warning(
      `a second site follows at ${told}, and ${who} not say so`,
      `write "secondSite" into "cluster" of countroom.json on every node, and start each again, one after the other; ${siteRemedy}`,
    )
  },
}
