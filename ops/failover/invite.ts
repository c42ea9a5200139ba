import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemCommand } from '#base'
import * as pki from '#pki'
import { issueFor, openPlace, type Place, put, refresh } from '../appliance/certificates.ts'
import { type Component, componentsOf } from '../appliance/components.ts'
import { fingerprintOf, type Home, readSecretFile, type SecretName } from '../appliance/home.ts'
import { readSettings, type Settings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'
import { nodeName } from './members.ts'
import { newCode, type NodePackage, sealPackage } from './package.ts'

/** What engines and `ops` have to show before the database can be asked for certificates; the rest a node enrols itself. */
const firstFiles = ['postgres', 'redis', 'etcd', 'ops']

const sharedSecrets: readonly SecretName[] = [
  'postgres-app',
  'postgres-work',
  'postgres-owner',
  'postgres-admin',
  'redis',
  'redis-edge',
  'gateway-sandbox',
  'carrier-sandbox',
  'carrier-sandbox-receipts',
]

export type Invitation = { node: string; file: string; code: string }

/**
 * `countroom cluster invite`: makes of a home that stands alone the first node of a cluster, and a package for each of the others. The
 * data stay where they are; from the next start on Patroni runs the server, and the others copy it.
 *
 * @param keysBackup a file of `countroom keys backup`, with copies that custodians can open
 */
export async function invite(
  home: Home,
  { addresses, keysBackup, out }: { addresses: string[]; keysBackup: string; out: string },
): Promise<Invitation[]> {
  const present = readSettings(home)
  if (present.cluster && present.cluster.addresses.join() !== addresses.join())
    throw new Trouble(`This home belongs to a cluster of ${present.cluster.addresses.join(', ')}.`, {
      setting: '"cluster" in countroom.json',
      remedy: `npx countroom cluster invite --addresses ${present.cluster.addresses.join(',')} makes their packages anew`,
    })
  const own = readOwn(home)
  const keys = readFileSync(keysBackup, 'utf8')
  const self = present.cluster?.node ?? 1
  const settingsOf = (node: number): Record<string, unknown> => ({
    ...own,
    nodeName: node === self ? present.nodeName : nodeName(node),
    cluster: { node, addresses },
  })
  await settleAuthorities(home, present)
  const folder = resolve(out)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const invitations: Invitation[] = []
  for (const [i] of addresses.entries()) {
    const node = i + 1
    const settings = withCluster(present, node, addresses)
    const place = openPlace(home, settings)
    try {
      const made = await certificatesFor(place, componentsOf(settings).filter(({ file }) => firstFiles.includes(file)))
      if (node === self) {
        for (const { file, key, chain } of made) put(place, file, key, { chain })
        continue
      }
      const code = newCode()
      const file = join(folder, `${nodeName(node)}.package`)
      const content: NodePackage = {
        settings: settingsOf(node),
        secrets: Object.fromEntries(sharedSecrets.map((name) => [name, readSecretFile(home, name)])),
        tls: {
          ...Object.fromEntries(made.flatMap((each) => [[`${each.file}.pem`, each.chain], [`${each.file}.key`, each.key]])),
          ...Object.fromEntries(['ca.pem', 'revoked.pem'].map((name) => [name, readFileSync(home.path('tls', name), 'utf8')])),
        },
        fingerprint: fingerprintOf(home) ?? '',
        keys,
      }
      writeFileSync(file, sealPackage(content, code), { mode: 0o600 })
      invitations.push({ node: nodeName(node), file, code })
    } finally {
      await place.close()
    }
  }
  home.write('countroom.json', `${JSON.stringify(settingsOf(self), null, 2)}\n`, 0o644)
  return invitations
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

async function certificatesFor(place: Place, components: Component[]) {
  const command = { ...systemCommand('countroom cluster invite'), keys: place.keys } satisfies pki.SigningCommand
  const made: Array<{ file: string; key: string; chain: string }> = []
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
}

function withCluster(settings: Settings, node: number, addresses: string[]): Settings {
  return { ...settings, cluster: { node, addresses }, dataAddress: addresses[node - 1]! }
}

function readOwn(home: Home): Record<string, unknown> {
  return home.has('countroom.json') ? (JSON.parse(readFileSync(home.path('countroom.json'), 'utf8')) as Record<string, unknown>) : {}
}
