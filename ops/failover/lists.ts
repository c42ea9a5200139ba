import type { X509Certificate } from 'node:crypto'
import type { Keys } from '#keys'
import { signAgain } from '#pki'
import type { Home } from '../appliance/home.ts'
import {
  authoritiesAbove,
  heldLists,
  isWhole,
  newestOf,
  noteAlone,
  putAlone,
  putLists,
  type SignedList,
} from '../appliance/lists.ts'
import type { Settings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'
import type { Cluster } from './members.ts'
import { askForLists, type Told } from './shared-lists.ts'

type Place = {
  home: Home
  settings: Settings
  cluster: Cluster
  /** Opened only where this node has to sign by itself, and closed again. */
  agent: () => Promise<Keys>
  /** Who signs, for the audit log. */
  by: string
  listSeconds?: number | undefined
  now?: Date
}

const exported = 'npx countroom pki export revoked > revoked.pem'

/**
 * A node whose revocation lists have ended judges nobody and is let in nowhere, to its own database least of all. Before anything of it asks for
 * anything, it gets good ones: from another node, whatever way they come, if they are signed by our authorities and no older than what is known here;
 * where nobody has any, by its own token, saying what the newest say that anybody here has. It answers what it did; undefined where they are good.
 *
 * The database is asked as soon as there is one, and what it says replaces them. The audit log hears of what was signed without it.
 *
 * @throws Trouble where another node leads and has no list to believe, or the token does not sign for the authority: nothing starts without a list
 */
export async function bringUpLists(place: Place): Promise<string | undefined> {
  const { home, settings, cluster, now = new Date() } = place
  const authorities = authoritiesAbove(home)
  const { used, known } = heldLists(home)
  const isOwnWord = known !== used // signed here alone before: somebody may know more by now
  if (isWhole(authorities, [used], now) && !isOwnWord) return undefined
  const told = await askForLists(home, settings, cluster)
  const texts = [known, ...told.map(({ lists }) => lists)]
  if (isWhole(authorities, texts, now)) {
    putLists(home, joined(authorities.map((authority) => newestOf(authority, ...texts)!)))
    return 'The revocation lists had ended: took newer ones of the other nodes'
  }
  if (isWhole(authorities, [used], now)) return undefined
  refuseUnknownLists(authorities, told)
  const alone = await signedAlone(place, authorities, texts, now)
  putAlone(home, joined(alone.lists), joined(alone.from))
  const numbers = alone.lists.map(({ number }, i) => `${i === 0 ? 'root' : 'issuing'} ${number}`)
  noteAlone(home, { at: now.toISOString(), by: place.by, lists: numbers, serials: [] })
  return 'The revocation lists had ended and nobody had newer ones: signed them here, by what was last known'
}

/** Whoever leads has a database that says who was taken back; what is known here does not go before that. */
function refuseUnknownLists(authorities: readonly X509Certificate[], told: readonly Told[]): void {
  const leader = told.find(
    ({ leads, lists }) => leads && !authorities.every((authority) => newestOf(authority, lists) !== undefined),
  )
  if (!leader) return
  throw new Trouble(
    `The revocation lists of this node have ended, and ${leader.host}, which leads, has none by the authority that this node knows.`,
    {
      setting: 'tls/revoked.pem',
      remedy: `there: ${exported}, and bring it here into tls/; if its authority is another by now, a package: ops/runbooks/certificates.md`,
    },
  )
}

async function signedAlone(
  { home, agent, listSeconds }: Place,
  authorities: readonly X509Certificate[],
  texts: readonly string[],
  now: Date,
): Promise<{ lists: SignedList[]; from: SignedList[] }> {
  const keys = await agent()
  try {
    const lists: SignedList[] = []
    const from: SignedList[] = []
    for (const authority of authorities) {
      const newest = newestOf(authority, ...texts)
      if (!newest) throw cannotSign('there is no list to go by')
      const used = newestOf(authority, heldLists(home).used)
      const above = used && used.number > newest.number ? used.number : newest.number
      const pem = await signAgain({ keys, now }, { list: newest.pem, authority, above, lifeSeconds: listSeconds })
      const signed = pem === undefined ? undefined : newestOf(authority, pem)
      if (!signed) throw cannotSign('the token here does not sign for this authority any more')
      lists.push(signed)
      from.push(newest)
    }
    return { lists, from }
  } finally {
    await keys.close()
  }
}

function cannotSign(why: string): Trouble {
  return new Trouble(`The revocation lists of this node have ended, nobody else answers with newer ones, and ${why}.`, {
    setting: 'tls/revoked.pem',
    remedy: `start another node first; or bring its lists, on one that runs: ${exported}; ops/runbooks/certificates.md`,
  })
}

function joined(lists: ReadonlyArray<{ pem: string }>): string {
  return lists.map(({ pem }) => pem).join('')
}
