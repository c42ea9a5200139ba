import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { agentsOf, observeCluster } from './observe.ts'
import { askPatroni } from './patroni.ts'

/**
 * Lets the agents of a cluster look after it again, after somebody paused them. Answers whether they were paused; safe to repeat.
 *
 * @throws Trouble when none takes it
 */
export async function resume(home: Home): Promise<boolean> {
  const { paused } = await observeCluster(home)
  if (!paused) return false
  let why = ''
  for (const agent of agentsOf(home)) {
    const answer = await askPatroni(home, agent, 'PATCH', '/config', { pause: null })
    if (answer.status === 200) return true
    why = answer.why ?? `status ${answer.status}`
  }
  throw new Trouble(`The cluster is paused, and no node lets it go on: ${why}.`, {
    setting: '"cluster" in countroom.json',
    remedy: 'npx countroom logs patroni; npx countroom logs etcd; ops/runbooks/failover.md',
  })
}
