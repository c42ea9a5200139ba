import { clusterOf } from '../failover/members.ts'
import { observe } from '../failover/observe.ts'
import { broken, type Check, sound, warning } from './finding.ts'

const remedy = 'npx countroom cluster status; ops/runbooks/failover.md'
const lagBytesMax = 64 * 1024 * 1024

/** In a cluster: somebody leads, a standby is waited for, and whoever else there is follows. */
export const cluster: Check = {
  id: 'cluster',
  after: ['appliance'],
  remedy,
  async look({ home }) {
    if (!clusterOf(home)) return sound('this home stands alone')
    const members = await observe(home)
    const primary = members.find(({ role }) => role === 'primary')
    if (primary?.state !== 'running') return broken('no node leads, so no money moves', remedy)
    if (!members.some(({ role }) => role === 'synchronous standby'))
      return broken(`${primary.name} leads and no standby is synchronous: commits wait, so no money moves`, remedy)
    const away = members.filter(({ role }) => role === 'away').map(({ name }) => name)
    if (away.length > 0) return warning(`${away.join(', ')} is away: the next loss stops money`, remedy)
    const behind = members.filter(({ lagBytes = 0 }) => lagBytes > lagBytesMax).map(({ name }) => name)
    if (behind.length > 0) return warning(`${behind.join(', ')} is more than 64 MiB behind`, remedy)
    return sound(`${primary.name} leads, ${members.length} nodes`)
  },
}
