import { connectKeys, type Keys } from '#keys'
import { issueAlone } from '#pki'
import { put } from '../appliance/certificates.ts'
import { componentsOf } from '../appliance/components.ts'
import type { Home } from '../appliance/home.ts'
import { findIdentities } from '../appliance/identity.ts'
import { authoritiesAbove, noteAlone } from '../appliance/lists.ts'
import { operatorName } from '../appliance/operator.ts'
import { readSettings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { withAgentAlone } from '../appliance/token.ts'
import { Trouble } from '../appliance/trouble.ts'
import { endedFiles, isFirst } from './ended.ts'
import { bringUpLists } from './lists.ts'
import type { Cluster } from './members.ts'
import { whoAnswers } from './observe.ts'
import { secondSiteOf } from './second-site.ts'

/** Long enough to bring a cluster up at night; the database gives others within seconds of its start. */
const lifeSeconds = 4 * 3600

export type RenewedAlone = { renewed: string[]; notAfter: string | undefined; lists: string | undefined }

/**
 * `countroom pki renew --alone`: of a cluster whose nodes were all off for longer than certificates live, one node makes for itself what its engines
 * show, by its own token. For hours only; the start gives it others, and tells the audit log.
 *
 * @throws Trouble while any other node answers, which says who may come back, or where the token does not sign for the authority
 */
export async function renewAlone(home: Home): Promise<RenewedAlone> {
  const settings = readSettings(home)
  const { cluster } = settings
  if (!cluster)
    throw new Trouble('This home stands alone: its start issues anew what has ended.', {
      setting: '--alone',
      remedy: 'npx countroom up',
    })
  await refuseCompany(home, cluster, settings.ports.patroni)
  const by = `countroom pki renew --alone (${operatorName()})`
  return withAgentAlone(home, async (keys) => {
    const agent = async () => connectKeys({ socket: agentSocket(home, 'ops') })
    const lists = await bringUpLists({ home, settings, cluster, agent, by })
    const wanted = endedFiles(home).length > 0 ? componentsOf(settings).filter(({ file }) => isFirst(file)) : []
    const made = []
    for (const component of wanted) made.push(await issued(home, keys, component))
    if (made.length > 0)
      noteAlone(home, { at: new Date().toISOString(), by, lists: [], serials: made.map(({ serial }) => serial) })
    return { renewed: wanted.map(({ name }) => name), notAfter: made[0]?.notAfter.toISOString(), lists }
  })
}

async function issued(home: Home, keys: Keys, component: ReturnType<typeof componentsOf>[number]) {
  const { name, role, names, file } = component
  const [, authority] = authoritiesAbove(home)
  const now = new Date()
  const made =
    authority && authority.validToDate > now
      ? await issueAlone({ keys, now }, { authority, component: name, role, names, lifeSeconds })
      : undefined
  if (!made)
    throw new Trouble('The token here does not sign for the authority that the certificates of this node are of.', {
      setting: 'tls/, token/',
      remedy: 'start another node first, and let this one have a package of it; ops/runbooks/certificates.md',
    })
  put({ home, users: findIdentities().users }, file, made.key, made)
  return made
}

/** Whoever answers has a database that says whether this node may come back, or can have one. */
async function refuseCompany(home: Home, cluster: Cluster, port: number): Promise<void> {
  const { addresses, node, follows = [] } = cluster
  const hosts = [...addresses.filter((_, i) => i !== node - 1), ...follows, ...secondSiteOf(home, cluster)]
  const answering = await whoAnswers(hosts.map((host) => ({ host, port: 0, ask: port })))
  if (answering.length === 0) return
  throw new Trouble(
    `Others of this casino answer, at ${answering.join(', ')}: they say whether this node may come back.`,
    {
      setting: '--alone',
      remedy: 'there: npx countroom cluster invite; here: npx countroom cluster join <its package>',
    },
  )
}
