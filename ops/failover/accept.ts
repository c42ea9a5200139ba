import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { furnish } from '../appliance/furniture.ts'
import { readGiven } from '../appliance/given.ts'
import { type Home, isInstalled, markInstalled, openHome, type SecretName } from '../appliance/home.ts'
import { findIdentities } from '../appliance/identity.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import { Trouble } from '../appliance/trouble.ts'
import { parts } from '../backup/place.ts'
import { joinToken } from '../keys/restore.ts'
import { openPackage } from './package.ts'

/**
 * `countroom cluster join`: makes of an empty home a node of a cluster, by the package it was invited with. The custodians open the
 * keys for its token. It can be repeated until it went through; the data come with the first start.
 */
export async function accept(
  { dir }: Home,
  { file, code, shares, without }: { file: string; code: string; shares?: string[]; without?: string[] },
): Promise<void> {
  const content = openPackage(readGiven(file, 'package', '<file>'), code)
  const identities = findIdentities()
  const home = openHome(dir, identities)
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
  if (content.keys === undefined) return markInstalled(home, content.fingerprint)
  const keys = join(tmpdir(), `countroom-join-${randomUUID()}`)
  writeFileSync(keys, content.keys, { mode: 0o400 })
  try {
    await joinToken(home, keys, { ...(shares ? { shares } : {}), ...(without ? { without } : {}) })
    markInstalled(home, content.fingerprint) // from now on what is missing is damage
  } finally {
    rmSync(keys, { force: true })
  }
}
