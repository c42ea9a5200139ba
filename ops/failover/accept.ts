import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readerOf } from '../appliance/components.ts'
import { furnish } from '../appliance/furniture.ts'
import { readGiven } from '../appliance/given.ts'
import { fingerprintOf, type Home, isInstalled, markInstalled, openHome, type SecretName } from '../appliance/home.ts'
import { findIdentities } from '../appliance/identity.ts'
import { putNewer } from '../appliance/lists.ts'
import { takeLock } from '../appliance/lock.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import { readSettings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'
import { parts } from '../backup/place.ts'
import { joinToken } from '../keys/restore.ts'
import { type NodePackage, openPackage } from './package.ts'
import { siteMemories } from './site-memories.ts'

/**
 * `countroom cluster join`: makes of an empty home a node of a cluster, by the package it was invited with. The custodians open the
 * keys for its token. It can be repeated until it went through; the data come with the first start. Where this very node is already, and its
 * certificates have ended while it was off, it takes those of the package, and nothing else.
 */
export async function accept(
  { dir }: Home,
  { file, code, shares, without }: { file: string; code: string; shares?: string[]; without?: string[] },
): Promise<'joined' | 'renewed'> {
  const content = openPackage(readGiven(file, 'package', '<file>'), code)
  const identities = findIdentities()
  const home = openHome(dir, identities)
  if (isThisNode(home, content)) {
    renew(home, content)
    return 'renewed'
  }
  const before = Object.values(siteMemories).filter((name) => home.has(name))
  if (before.length > 0)
    throw new Trouble(`${dir} remembers what became of an appliance before: ${before.join(', ')}.`, {
      setting: 'COUNTROOM_HOME',
      remedy: `COUNTROOM_HOME=<an empty folder> npx countroom cluster join <file>; or, where ${dir} is no evidence that anybody keeps: COUNTROOM_HOME=${dir} npx countroom reset`,
    })
  if (isInstalled(home) || home.has('pg/PG_VERSION'))
    throw new Trouble(`There is an appliance in ${dir} already.`, {
      setting: 'COUNTROOM_HOME',
      remedy: 'COUNTROOM_HOME=<an empty folder> npx countroom cluster join <file>',
    })
  home.write('countroom.json', `${JSON.stringify(content.settings, null, 2)}\n`, 0o644)
  furnish(home, identities)
  for (const [name, secret] of Object.entries(content.secrets) as Array<[SecretName, string]>)
    home.write(`secrets/${name}`, `${secret}\n`, 0o600)
  for (const [name, text] of Object.entries(content.tls))
    home.write(`tls/${name}`, text, name.endsWith('.key') ? 0o600 : 0o644)
  if (content.repositoryKey !== undefined) {
    makeFolder(home.path('backup'), 0o700, ownerOf(identities.users))
    home.write(parts.key, content.repositoryKey)
  }
  furnish(home, identities) // to each what it reads of these
  if (content.keys === undefined) {
    markInstalled(home, content.fingerprint)
    return 'joined'
  }
  const keys = join(tmpdir(), `countroom-join-${randomUUID()}`)
  writeFileSync(keys, content.keys, { mode: 0o400 })
  try {
    await joinToken(home, keys, { ...(shares ? { shares } : {}), ...(without ? { without } : {}) })
    markInstalled(home, content.fingerprint) // from now on what is missing is damage
    return 'joined'
  } finally {
    rmSync(keys, { force: true })
  }
}

/** Is there the node already that the package is for, of the same casino and in the same place of it? */
function isThisNode(home: Home, { settings, fingerprint }: NodePackage): boolean {
  if (!isInstalled(home) || fingerprintOf(home) !== fingerprint) return false
  const { cluster, edgeNode } = readSettings(home)
  const placeOf = (of: unknown) => JSON.stringify(of, ['addresses', 'firstNumber', 'node', 'number', 'nodes'])
  const here = cluster ?? edgeNode
  const there = settings.cluster ?? settings.edgeNode
  return here !== undefined && there !== undefined && placeOf(here) === placeOf(there)
}

/** @throws Trouble while it runs: then its start has renewed them, or says why not */
function renew(home: Home, { tls }: NodePackage): void {
  const unlock = takeLock(home)
  try {
    const { users } = findIdentities()
    for (const [name, text] of Object.entries(tls)) {
      const file = name.replace(/\.(key|pem)$/, '')
      if (name.endsWith('.key')) home.write(`tls/${name}`, text, 0o600, ownerOf(users, readerOf(file)))
      else if (name !== 'revoked.pem') home.write(`tls/${name}`, text, 0o644)
    }
    putNewer(home, tls['revoked.pem'] ?? '')
  } finally {
    unlock()
  }
}
