import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import { connect } from '../appliance/postgres.ts'
import type { Settings } from '../appliance/settings.ts'
import type { Supervisor } from '../appliance/supervisor.ts'
import { Trouble, wordsOf } from '../appliance/trouble.ts'
import { etcdUnit } from './etcd.ts'
import { memberState } from './etcd-members.ts'
import { type Cluster, writeMembers } from './members.ts'
import { askPatroni, houseData, patroniUnit } from './patroni.ts'
import { sentinelUnit } from './sentinel.ts'

/** A member waits so long for a majority, and for a copy of the data to arrive. */
const majoritySecondsMax = 300
const copySecondsMax = 3600

/**
 * Starts what keeps the database together with the other nodes, and waits until one of them leads. The first to start waits for a
 * majority.
 */
export async function joinCluster(place: {
  home: Home
  settings: Settings
  cluster: Cluster
  users: Users
  supervisor: Supervisor
  tell: (word: string) => void
}): Promise<void> {
  const { home, settings, cluster, users, supervisor, tell } = place
  writeMembers(home, cluster, settings.ports)
  makeFolder(home.path('etcd'), 0o700, ownerOf(users, 'etcd'))
  makeFolder(home.path('run/patroni'), 0o700, ownerOf(users, 'postgres'))
  houseData(home, users)
  const state = await memberState(home, settings, cluster)
  await supervisor.start(etcdUnit(home, settings, cluster, users, state), majoritySecondsMax)
  if (!home.has('pg/PG_VERSION')) await someoneLeads(home, cluster, settings)
  await supervisor.start(patroniUnit(home, settings, cluster, users), copySecondsMax)
  await supervisor.start(sentinelUnit(home, settings, cluster, users))
  if (!cluster.follows) tell(await primaryOf(home))
}

/** Who has no data yet begins nothing: there is another to copy from, or it waits for one. */
async function someoneLeads(home: Home, { addresses, follows = [] }: Cluster, { ports }: Settings): Promise<void> {
  for (let waited = 0; waited < majoritySecondsMax; waited++) {
    const asked = [...addresses, ...follows].map((host) =>
      askPatroni(home, { host, port: ports.patroni }, 'GET', '/leader'),
    )
    if ((await Promise.all(asked)).some(({ status }) => status === 200)) return
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw noPrimary(new Error(`nobody to copy from within ${majoritySecondsMax} s`))
}

async function primaryOf(home: Home): Promise<string> {
  const owner = connect(home, 'owner')
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        const [row] = await owner<Array<{ address: string }>>`select host(inet_server_addr()) as address`
        return `the primary is ${row!.address}`
      } catch (cause) {
        if (attempt === 12) throw noPrimary(cause)
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
  } finally {
    await owner.end({ timeout: 2 })
  }
}

function noPrimary(cause: unknown): Trouble {
  return new Trouble(`No node of the cluster leads, so there is no database to serve from: ${wordsOf(cause)}.`, {
    setting: '"cluster" in countroom.json',
    remedy: 'npx countroom cluster status; ops/runbooks/failover.md',
    cause,
  })
}
