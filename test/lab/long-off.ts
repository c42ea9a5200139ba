import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pemParts } from '#base'
import { connectKeys } from '#keys'
import { daySeconds, issueAlone, signAgain } from '#pki'
import { componentsOf } from '../../ops/appliance/components.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { authoritiesAbove, heldLists, newestOf } from '../../ops/appliance/lists.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import type { Lab, LabNode } from './lab.ts'

/** As a machine finds itself that was off for a while: what it held then, with the dates of then. Put in when it is off. */
export type Aged = { putIn(): void }

const lifeSeconds = 7 * daySeconds
const firstFiles = ['postgres', 'redis', 'etcd', 'ops']

/**
 * What a node would hold that was off since `daysOff` days ago, signed by the keys of this casino: its revocation lists, which were good for a day, and
 * where it is longer than a week the certificates of its engines.
 */
export async function aged(lab: Lab, { home: dir }: LabNode, daysOff: number): Promise<Aged> {
  const home = viewHome(dir)
  const now = new Date(Date.now() - daysOff * daySeconds * 1000)
  const keys = connectKeys({ socket: agentSocket(viewHome(lab.nodes[0]!.home), 'ops') })
  const files: Array<[string, string]> = []
  try {
    const authorities = authoritiesAbove(home, home.has('tls/postgres.pem') ? 'postgres' : 'edge')
    const lists: string[] = []
    for (const authority of authorities) {
      const { pem: list, number } = newestOf(authority, heldLists(home).used)!
      lists.push((await signAgain({ keys, now }, { list, authority, above: number - 2n }))!)
    }
    files.push(['tls/revoked.pem', lists.join('')])
    const shown = daysOff * daySeconds > lifeSeconds ? componentsOf(readSettings(home)) : []
    for (const { name: component, file, role, names } of shown.filter(({ file }) => firstFiles.includes(file))) {
      const authority = authorities[1]!
      const made = (await issueAlone({ keys, now }, { authority, component, role, names, lifeSeconds }))!
      files.push([`tls/${file}.pem`, made.chain], [`tls/${file}.key`, made.key])
    }
  } finally {
    await keys.close()
  }
  return {
    putIn() {
      for (const [name, text] of files) writeFileSync(home.path(name), text)
    },
  }
}

/** What a node said at its starts. */
export function saidBy({ home }: LabNode): string {
  return readFileSync(join(home, 'up.log'), 'utf8')
}

/** When what the engines of a node show ends. */
export function endOf({ home }: LabNode, file: string): Date {
  return new X509Certificate(pemParts(readFileSync(join(home, `tls/${file}.pem`), 'utf8'), 'CERTIFICATE')[0]!)
    .validToDate
}
