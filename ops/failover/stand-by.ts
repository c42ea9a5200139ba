import { keepListsGood, type Lives, openPlace, refresh } from '../appliance/certificates.ts'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { forgetPrimary } from '../appliance/postgres.ts'
import type { Settings } from '../appliance/settings.ts'
import { wordsOf } from '../appliance/trouble.ts'
import { noteFollowing } from './following.ts'
import { type Cluster, membersOf, writeMembers } from './members.ts'
import { isFollower, observe, observeElsewhere } from './observe.ts'

const lookMs = 1000
const renewMs = 20_000

type Place = {
  home: Home
  settings: Settings
  cluster: Cluster
  users: Users
  lives: Lives
  say: (line: string) => void
  tell: (word: string) => void
  signal?: AbortSignal | undefined
}

/**
 * The start of a second site: engines and key agent run, the data follow, and nothing that takes money is started until somebody promotes
 * this site. Answers at once where that has been done. Certificates are made by the first site's database meanwhile.
 */
export async function standBy(place: Place): Promise<void> {
  const { home, settings, cluster, tell } = place
  if (await leads(home)) return
  writeMembers(home, cluster, settings.ports, 'followed')
  forgetPrimary(home)
  tell('follows the first, and takes no money until: npx countroom cluster promote-site')
  const renewing = keepRenewed(place)
  try {
    await untilPromoted(place)
  } finally {
    clearInterval(renewing)
  }
  writeMembers(home, cluster, settings.ports, 'own')
  forgetPrimary(home)
  tell('promoted')
}

/** Whether a node of this site is a primary: what is kept in its etcd decides, and nobody's settings. */
async function leads(home: Home): Promise<boolean> {
  const members = await observe(home).catch(() => [])
  return !isFollower(members) && members.some(({ role, state }) => role === 'primary' && state === 'running')
}

async function untilPromoted({ home, signal }: Place): Promise<void> {
  for (;;) {
    signal?.throwIfAborted()
    if (await leads(home)) return
    await noteFollowing(home).catch(() => {}) // a server that is being copied anew
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

/** As long as the first site lives, its database says who is enrolled and who was taken back. */
function keepRenewed({ home, settings, cluster, users, lives, say }: Place): NodeJS.Timeout {
  let said = ''
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    const line = await renew().catch((error: unknown) => `Certificates could not be renewed: ${wordsOf(error)}`)
    if (line && line !== said) say(line)
    said = line
    looking = false
  }
  void look()
  return setInterval(() => void look(), renewMs)

  async function renew(): Promise<string> {
    const done = await keepListsGood({ home, settings, users, lives }) // when the first site is gone for longer than they are good
    if (done) say(`${done}.`)
    const first = await observeElsewhere(home, membersOf({ addresses: cluster.follows! }, settings.ports))
    if (!first.some(({ role, state }) => role === 'primary' && state === 'running'))
      return 'Nobody leads at the first site.'
    const opened = openPlace(home, settings, users, lives)
    try {
      const { issued } = await refresh(opened)
      return issued.length > 0 ? `Renewed: ${issued.join(', ')}.` : ''
    } finally {
      await opened.close()
    }
  }
}
