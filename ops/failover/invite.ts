import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemCommand } from '#base'
import { connectKeys } from '#keys'
import type * as pki from '#pki'
import { issueFor, openPlace, put, refresh } from '../appliance/certificates.ts'
import { type Component, componentsOf, edgeComponents, hasEdge } from '../appliance/components.ts'
import { readGiven } from '../appliance/given.ts'
import { fingerprintOf, type Home, readSecretFile, type SecretName } from '../appliance/home.ts'
import { findIdentities } from '../appliance/identity.ts'
import { readSettings, refuseUnreadable, type Settings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'
import { ensureRepositoryKey } from '../backup/repository-key.ts'
import { isFirst } from './ended.ts'
import { type Cluster, nodeName, numberOf } from './members.ts'
import { type NodePackage, newCode, sealPackage } from './package.ts'

const sharedSecrets: readonly SecretName[] = [
  'postgres-app',
  'postgres-work',
  'postgres-owner',
  'postgres-admin',
  'redis',
  'redis-edge',
  'edge-tickets',
  'gateway-sandbox',
  'carrier-sandbox',
  'carrier-sandbox-receipts',
]

export type Invitation = { node: string; file: string; code: string }

export type Wanted = {
  /** Of all nodes, the one that invites first. */
  addresses: string[]
  /** A file of `countroom keys backup`, with copies that custodians can open. */
  keysBackup: string
  out: string
  /** Of machines that are edges alone. */
  edges?: string[]
  /** The address that is whoever's of them lives. */
  virtualAddress?: string
  /** Of the nodes of a second site, which follows this one: one, or an odd number. */
  secondSite?: string[]
}

/**
 * `countroom cluster invite`: makes of a home that stands alone the first node of a cluster, and a package for each of the others and
 * for its edges and the nodes of a second site. The data stay where they are; from the next start on Patroni runs the server, and the
 * others copy it.
 */
export async function invite(home: Home, wanted: Wanted): Promise<Invitation[]> {
  const { addresses, edges = [], virtualAddress, secondSite } = wanted
  const present = readSettings(home)
  if (present.cluster && present.cluster.addresses.join() !== addresses.join())
    throw new Trouble(`This home belongs to a cluster of ${present.cluster.addresses.join(', ')}.`, {
      setting: '"cluster" in countroom.json',
      remedy: `npx countroom cluster invite --addresses ${present.cluster.addresses.join(',')} makes their packages anew`,
    })
  const own = readOwn(home)
  const self = present.cluster?.node ?? 1
  const firstNumber = present.cluster?.firstNumber ?? 1
  const known = secondSite ?? present.cluster?.secondSite
  const ours = {
    addresses,
    firstNumber,
    ...(present.cluster?.follows ? { follows: present.cluster.follows } : {}),
    ...(known ? { secondSite: known } : {}),
  }
  refuseUnreadable({ ...own, cluster: { ...ours, node: self } }, '--addresses, --second-site')
  const theirs = { addresses: secondSite ?? [], firstNumber: numberElsewhere(ours, secondSite), follows: addresses }
  if (secondSite) refuseUnreadable({ ...own, cluster: { ...theirs, node: 1 } }, '--second-site')
  if (edges.length > 0)
    refuseUnreadable(
      {
        ...own,
        edgeNode: { number: 1, addresses: edges, nodes: addresses, ...(virtualAddress ? { virtualAddress } : {}) },
      },
      '--edges, --virtual-address',
    )
  await settleAuthorities(home, present)
  const keys = readGiven(wanted.keysBackup, 'backup of keys', '--keys')
  const repositoryKey = present.backup ? await wrappedAnew(home) : undefined
  const folder = resolve(wanted.out)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const invitations: Invitation[] = []
  const nodes = [ours, ...(secondSite ? [theirs] : [])]
    .flatMap((site) => site.addresses.map((_, i) => ({ ...site, node: i + 1 })))
    // Who is added to a cluster that is there changes nothing for the others but what they are told of it.
    .filter(({ node, follows }) => !(present.cluster && secondSite) || follows === addresses || node === self)
  for (const cluster of nodes) {
    const settings = withCluster(present, cluster)
    const made = await issueAll(
      home,
      settings,
      componentsOf(settings).filter(({ file }) => isFirst(file)),
    )
    if (cluster.addresses === addresses && cluster.node === self) {
      for (const { file, key, chain } of made) put({ home, users: findIdentities().users }, file, key, { chain })
      home.write('countroom.json', `${JSON.stringify({ ...own, cluster }, null, 2)}\n`, 0o644)
      continue
    }
    const name = nodeName(numberOf(cluster))
    write(name, {
      settings: {
        ...own,
        nodeName: name,
        cluster,
        ...(hasEdge({ cluster }) ? { address: '0.0.0.0' } : {}), // players come to it when it leads
      },
      secrets: secretsOf(home, sharedSecrets),
      tls: { ...filesOf(made), ...believed(home) },
      fingerprint: fingerprintOf(home) ?? '',
      ...(repositoryKey ? { repositoryKey } : {}),
      keys,
    })
  }
  for (const number of edges.map((_, i) => i + 1)) {
    const made = await issueAll(
      home,
      present,
      edgeComponents(present, `-${number}`, virtualAddress ? [virtualAddress] : []),
    )
    const { cluster: _, ...rest } = own
    write(`edge-${number}`, {
      settings: {
        ...rest,
        address: '0.0.0.0',
        edgeNode: { number, addresses: edges, nodes: addresses, ...(virtualAddress ? { virtualAddress } : {}) },
      },
      secrets: secretsOf(home, ['redis-edge', 'edge-tickets']),
      tls: { ...filesOf(made), ...believed(home) },
      fingerprint: fingerprintOf(home) ?? '',
    })
  }
  return invitations

  function write(node: string, content: NodePackage): void {
    const code = newCode()
    const file = join(folder, `${node}.package`)
    writeFileSync(file, sealPackage(content, code), { mode: 0o600 })
    invitations.push({ node, file, code })
  }
}

type Made = Array<{ file: string; key: string; chain: string }>

/** The key of the repositories, under the epoch that is active: what it was wrapped under before a ceremony, no other token has. */
async function wrappedAnew(home: Home): Promise<string> {
  const agent = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    return `${JSON.stringify(await ensureRepositoryKey(home, agent))}\n`
  } finally {
    await agent.close()
  }
}

/** After a ceremony the authorities get new keys, and nothing is issued below the old. */
async function settleAuthorities(home: Home, settings: Settings): Promise<void> {
  const place = openPlace(home, settings)
  try {
    await refresh(place)
  } finally {
    await place.close()
  }
}

async function issueAll(home: Home, settings: Settings, components: Component[]): Promise<Made> {
  const place = openPlace(home, settings)
  const command = { ...systemCommand('countroom cluster invite'), keys: place.keys } satisfies pki.SigningCommand
  const made: Made = []
  try {
    for (const component of components) {
      const issued = await issueFor(place, component, command)
      if (!issued)
        throw new Trouble(`${component.name} was taken back.`, {
          setting: component.name,
          remedy: `npx countroom pki enrol ${component.role} ${component.name}, if it may come back`,
        })
      made.push({ file: component.file, key: issued.key, chain: issued.issued.chain })
    }
    return made
  } finally {
    await place.close()
  }
}

function filesOf(made: Made): Record<string, string> {
  return Object.fromEntries(
    made.flatMap(({ file, key, chain }) => [
      [`${file}.pem`, chain],
      [`${file}.key`, key],
    ]),
  )
}

/** The roots and the lists of what was taken back. */
function believed(home: Home): Record<string, string> {
  return Object.fromEntries(
    ['ca.pem', 'revoked.pem'].map((name) => [name, readFileSync(home.path('tls', name), 'utf8')]),
  )
}

function secretsOf(home: Home, names: readonly SecretName[]): Partial<Record<SecretName, string>> {
  return Object.fromEntries(names.map((name) => [name, readSecretFile(home, name)]))
}

function withCluster(settings: Settings, cluster: Cluster): Settings {
  return { ...settings, cluster, dataAddress: cluster.addresses[cluster.node - 1]! }
}

/** The number of the first node elsewhere: after ours, or before them where there is room. */
function numberElsewhere(ours: { addresses: string[]; firstNumber: number }, theirs: string[] = []): number {
  return theirs.length < ours.firstNumber ? 1 : ours.firstNumber + ours.addresses.length
}

function readOwn(home: Home): Record<string, unknown> {
  if (!home.has('countroom.json')) return {}
  return JSON.parse(readFileSync(home.path('countroom.json'), 'utf8')) as Record<string, unknown>
}
