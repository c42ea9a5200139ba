import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { checkServerIdentity } from 'node:tls'
import { z } from 'zod'
import { internalDomain, sharedLabel } from '#pki'
import type { Home } from '../appliance/home.ts'
import { heldLists } from '../appliance/lists.ts'
import type { Settings } from '../appliance/settings.ts'
import type { Cluster } from './members.ts'
import { askPatroni } from './patroni.ts'
import { secondSiteOf } from './second-site.ts'

/** What the agents of a site share; whoever gets to one may read it, as lists are secret to nobody. */
const shared = z.object({ revoked: z.string().optional() })

const askedMsMax = 3000

/** What a node elsewhere told of the lists it has; whether they are anybody's is another question. */
export type Told = { host: string; lists: string; leads: boolean }

/**
 * Puts the lists of this home where a node that has been away finds them: into what the agents share. Only where they are others
 * than the agents have. Answers why it could not; the next look does it again.
 */
export async function shareLists(home: Home, settings: Settings, cluster: Cluster): Promise<string | undefined> {
  const agent = { host: cluster.addresses[cluster.node - 1]!, port: settings.ports.patroni }
  const { used } = heldLists(home)
  const answer = await askPatroni(home, agent, 'GET', '/config')
  if (answer.status !== 200) return answer.why ?? `status ${answer.status}`
  if (shared.safeParse(JSON.parse(answer.body ?? '{}')).data?.revoked === used) return undefined
  const told = await askPatroni(home, agent, 'PATCH', '/config', { revoked: used })
  return told.status === 200 ? undefined : (told.why ?? `status ${told.status}`)
}

/**
 * Asks the other nodes of the casino, those of the other site too, for the lists they have. By a connection that judges nobody by a list, since there is
 * none, and shows nothing: what comes is believed for its signature alone.
 */
export async function askForLists(home: Home, { ports }: Settings, cluster: Cluster): Promise<Told[]> {
  const own = cluster.addresses[cluster.node - 1]
  const hosts = [...cluster.addresses, ...(cluster.follows ?? []), ...secondSiteOf(home, cluster)]
  const asked = hosts
    .filter((host) => host !== own)
    .map(async (host): Promise<Told[]> => {
      const config = await askOpenly(home, host, ports.patroni, '/config')
      if (config === undefined) return []
      const found = shared.safeParse(parsed(config.body))
      const leader = await askOpenly(home, host, ports.patroni, '/leader')
      return [{ host, lists: found.data?.revoked ?? '', leads: leader?.status === 200 }]
    })
  return (await Promise.all(asked)).flat()
}

/** Undefined where nobody answers. */
function askOpenly(home: Home, host: string, port: number, path: string) {
  return new Promise<{ status: number; body: string } | undefined>((resolve) => {
    const asking = request(
      {
        ...{ host, port, path, agent: false, minVersion: 'TLSv1.3' },
        signal: AbortSignal.timeout(askedMsMax),
        ca: readFileSync(home.path('tls/ca.pem')),
        servername: `${sharedLabel('postgres')}.${internalDomain}`,
        checkServerIdentity,
      },
      async (answer) => {
        let body = ''
        try {
          for await (const part of answer) if (body.length < bodyCharactersMax) body += String(part)
        } catch {}
        resolve({ status: answer.statusCode ?? 0, body })
      },
    )
    asking.on('error', () => resolve(undefined))
    asking.end()
  })
}

const bodyCharactersMax = 4_000_000

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
