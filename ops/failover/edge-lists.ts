import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { checkServerIdentity } from 'node:tls'
import { internalDomain } from '#pki'
import type { Home } from '../appliance/home.ts'
import { authoritiesAbove, heldLists, isWhole, newestOf, putLists } from '../appliance/lists.ts'
import { coresOf } from '../appliance/nodes.ts'
import type { Settings } from '../appliance/settings.ts'

const askedMsMax = 3000
const listCharactersMax = 4_000_000

/**
 * An edge that was off for longer than a list is good believes no core, and so gets no list through itself. It asks the cores one by one, by a
 * connection that judges nobody by a list: what comes is believed for its signature, and only if it is no older than what is here. Answers what it
 * did; undefined where the lists are good.
 */
export async function bringUpEdgeLists(home: Home, settings: Settings, now = new Date()): Promise<string | undefined> {
  const authorities = authoritiesAbove(home, 'edge')
  const { used } = heldLists(home)
  if (isWhole(authorities, [used], now)) return undefined
  for (const { name, operator } of coresOf(settings)) {
    const texts = [used, (await askCore(home, name, operator)) ?? '']
    if (!isWhole(authorities, texts, now)) continue
    putLists(home, authorities.map((authority) => newestOf(authority, ...texts)!.pem).join(''))
    return `The revocation lists had ended: took newer ones of ${name}`
  }
  return 'The revocation lists have ended and no core has newer ones yet: nobody is let in'
}

function askCore(home: Home, name: string, { host, port }: { host: string; port: number | undefined }) {
  const read = (file: string) => readFileSync(home.path('tls', file))
  return new Promise<string | undefined>((resolve) => {
    const asking = request(
      {
        ...{ host, port, path: '/pki/revoked.pem', agent: false, minVersion: 'TLSv1.3', checkServerIdentity },
        ...{ ca: read('ca.pem'), cert: read('edge.pem'), key: read('edge.key') },
        servername: `${name}.${internalDomain}`,
        signal: AbortSignal.timeout(askedMsMax),
      },
      async (answer) => {
        let text = ''
        try {
          for await (const part of answer) if (text.length < listCharactersMax) text += String(part)
        } catch {}
        resolve(answer.statusCode === 200 ? text : undefined)
      },
    )
    asking.on('error', () => resolve(undefined))
    asking.end()
  })
}
