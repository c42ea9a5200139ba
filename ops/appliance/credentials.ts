import { rmSync } from 'node:fs'
import { type Home, readSecretFile, type SecretName } from './home.ts'
import type { Kind, Users } from './identity.ts'
import { makeFolder, ownerOf } from './ownership.ts'

export const credentialsFolder = 'run/credentials'

/** What each kind of process is given of the secrets. What does not stand here it cannot read; Redis has its password in its configuration. */
const given = {
  keys: ['hsm-pin', 'hsm-so-pin'],
  core: ['postgres-app', 'redis', 'gateway-sandbox', 'carrier-sandbox-receipts'],
  work: ['postgres-work', 'redis', 'gateway-sandbox', 'carrier-sandbox'],
  edge: ['redis-edge', 'edge-tickets'],
  sandbox: ['gateway-sandbox', 'carrier-sandbox', 'carrier-sandbox-receipts'],
} as const satisfies Partial<Record<Kind, readonly SecretName[]>>

type Given = typeof given

/** Where a kind of process finds a secret that it is given. */
export function credentialOf<K extends keyof Given>(home: Home, kind: K, name: Given[K][number]): string {
  return home.path(fileOf(kind, name))
}

/** The files of all secrets that a kind of process is given. */
export function credentialsOf(home: Home, kind: keyof Given): string[] {
  return given[kind].map((name) => home.path(fileOf(kind, name)))
}

/**
 * Hands the secrets out anew: `secrets/` is for whoever supervises alone, and each kind of process has copies of what it needs, for
 * its user alone, in a folder where it can make nothing.
 */
export function handOut(home: Home, users: Users, kinds = Object.keys(given) as Array<keyof Given>): void {
  rmSync(home.path(credentialsFolder), { recursive: true, force: true })
  makeFolder(home.path(credentialsFolder), 0o711, ownerOf(users))
  for (const kind of kinds) {
    makeFolder(home.path(credentialsFolder, kind), 0o711, ownerOf(users))
    for (const name of given[kind])
      home.write(fileOf(kind, name), `${readSecretFile(home, name)}\n`, 0o400, ownerOf(users, kind))
  }
}

/** One secret anew, to each who is given it: it was changed while they run, and they read it when they come again. */
export function handOutAgain(home: Home, users: Users, name: SecretName): void {
  for (const [kind, names] of Object.entries(given) as Array<[keyof Given, readonly SecretName[]]>)
    if (names.includes(name))
      home.write(fileOf(kind, name), `${readSecretFile(home, name)}\n`, 0o400, ownerOf(users, kind))
}

function fileOf(kind: Kind, name: SecretName): string {
  return `${credentialsFolder}/${kind}/${name}`
}
