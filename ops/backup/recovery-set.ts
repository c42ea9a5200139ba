import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Keys } from '#keys'
import { type Home, readSecretFile, type SecretName, viewHome } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { openRepositoryKey, type RepositoryKey, type WrappedKey } from './repository-key.ts'
import { backupSettings, type Repository } from './settings.ts'

/**
 * What a bare machine needs besides the data and the token: the settings, the passwords of the database, where the repositories are.
 * Sealed under the repositories' key, which only the token opens, or another that custodians brought the keys into.
 */
export type RecoverySet = { at: Date; node: string; key: WrappedKey; sealed: string; folder: string }

export type Contents = {
  /** `countroom.json` as it was; null where there was none. */
  settings: string | null
  /** The mark of the installation, with what its token is known by. */
  installed: string
  secrets: Partial<Record<SecretName, string>>
  repositories: Repository[]
}

const format = 'countroom-recovery-set-1'
const fileName = 'recovery-set.json'
/** Without these the database lets nobody in; the rest is made anew by a start. */
const secretsKept = [
  'postgres-admin',
  'postgres-owner',
  'postgres-app',
  'postgres-work',
] as const satisfies SecretName[]

const text = z.string().min(1)
const shape = z.strictObject({
  format: z.literal(format),
  at: z.coerce.date(),
  node: text,
  key: z.strictObject({ kek: text, wrapped: text, binding: text, context: text }),
  sealed: text,
})
const contentsShape = z.strictObject({
  settings: z.string().nullable(),
  installed: z.string(),
  secrets: z.record(z.string(), z.string()),
  repositories: backupSettings.shape.repositories.unwrap(),
})

/** Writes the set of a home into a folder, in the place of the one before. */
export function writeRecoverySet(
  home: Home,
  folder: string,
  set: { at: Date; node: string; key: WrappedKey; sealing: Buffer; repositories: Repository[] },
): void {
  const { at, node, key, sealing, repositories } = set
  const read = (file: string) => readFileSync(home.path(file), 'utf8')
  const contents: Contents = {
    settings: home.has('countroom.json') ? read('countroom.json') : null,
    installed: read('installed'),
    secrets: Object.fromEntries(secretsKept.map((name) => [name, readSecretFile(home, name)])),
    repositories,
  }
  const head = { format, at: at.toISOString(), node, key }
  const sealed = seal(sealing, JSON.stringify(contents), JSON.stringify(head))
  viewHome(folder).write(fileName, `${JSON.stringify({ ...head, sealed }, null, 2)}\n`, 0o600)
}

/** Finds the set in a folder, or in a repository that is a folder. @throws Trouble when there is none, or none of ours */
export function readRecoverySet(from: string): RecoverySet {
  const folder = [from, join(from, 'recovery')].find((each) => existsSync(join(each, fileName)))
  if (!folder)
    throw new Trouble(`There is no recovery set in ${from}.`, {
      setting: '--from',
      remedy: `is it mounted? ls ${from}; it is the folder of a repository, or the one in it called recovery`,
    })
  const file = join(folder, fileName)
  try {
    return { ...shape.parse(JSON.parse(readFileSync(file, 'utf8'))), folder }
  } catch (cause) {
    throw new Trouble(`${file} is no recovery set, or damaged.`, {
      setting: '--from',
      remedy: 'use the one in another repository',
      cause,
    })
  }
}

/** The backup of keys that lies beside a set, the newest where there are several. */
export function keysBeside({ folder }: RecoverySet): string | undefined {
  const files = readdirSync(folder).filter((name) => /^keys-.*\.jsonl$/.test(name))
  const newest = files.sort().at(-1)
  return newest && join(folder, newest)
}

/** Opens a set with the keys of a token. @throws Trouble where the token does not have them, or the set was changed */
export async function openRecoverySet(
  agent: Keys,
  set: RecoverySet,
): Promise<{ contents: Contents; key: RepositoryKey }> {
  const key = await openRepositoryKey(agent, set.key).catch((cause: unknown) => {
    throw new Trouble(
      `This token does not open the recovery set in ${set.folder}: it lacks ${set.key.kek}, or is another's.`,
      {
        setting: '--keys-of, or the token that was restored',
        remedy:
          'bring the keys first: countroom keys restore <backup of keys>, with the custodians; ops/runbooks/restore.md',
        cause,
      },
    )
  })
  const { at, node, sealed } = set
  const head = JSON.stringify({ format, at: at.toISOString(), node, key: set.key })
  try {
    return { contents: contentsShape.parse(JSON.parse(open(key.sealing, sealed, head))) as Contents, key }
  } catch (cause) {
    throw new Trouble(`The recovery set in ${set.folder} was changed, or is damaged.`, {
      setting: '--from',
      remedy: 'use the one in another repository',
      cause,
    })
  }
}

/** AES-256-GCM; `nonce (12) | ciphertext | tag (16)` in base 64, bound to the head. */
function seal(key: Buffer, plaintext: string, head: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(head))
  return Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  )
}

function open(key: Buffer, sealed: string, head: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(head))
  decipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
}
