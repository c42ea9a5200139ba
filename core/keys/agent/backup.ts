import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { FileSeal, KeysBackup, SealedFile } from '../entry.ts'
import { authenticated, boundOf, type Recovery } from './births.ts'
import { parseKey, recoveryFamily, registerFamily } from './catalogue.ts'
import type { SignedLog } from './heads.ts'
import type { Keyring } from './keyring.ts'
import { AgentRefusal } from './refusal.ts'
import { type Entry, remainsOf } from './register.ts'
import { openSealed } from './sealing.ts'
import type { Token } from './token.ts'

export type BackupBody = {
  madeAt: string
  recovery: Recovery
  entries: Entry[]
  /** The log as it was signed last, so that who takes over signs no other. */
  log?: SignedLog | undefined
}

/** @throws AgentRefusal `keys.no_ceremony` */
export function makeBackup({ token, keyring, now }: { token: Token; keyring: Keyring; now(): Date }): KeysBackup {
  const { recovery, entries, log } = keyring.state()
  if (!recovery)
    throw new AgentRefusal('keys.no_ceremony', 'without a ceremony nothing is kept outside the token', 'conflict')
  const content: BackupBody = {
    madeAt: now().toISOString(),
    recovery,
    entries: entries
      .filter(({ family }) => family !== registerFamily && family !== recoveryFamily)
      .map((entry) => (entry.copy?.recovery === recovery.name ? remainsOf(entry) : withoutCopy(entry))),
    log,
  }
  const body = JSON.stringify(content)
  const mac = token.mac({ key: recovery.key, mechanism: 'hmac-sha256' }, digestOf(body))
  return { format: 'countroom-keys-1', body, mac: mac.toString('base64') }
}

const shape = z.strictObject({ format: z.literal('countroom-keys-1'), body: z.string(), mac: z.string() })
const recoveryShape = z.strictObject({
  name: z.string(),
  publicKey: z.base64(),
  threshold: z.int().min(2),
  custodians: z.array(z.strictObject({ name: z.string(), mark: z.string() })).min(2),
  heldAt: z.string(),
  key: z.string(),
  endorsed: z.strictObject({ by: z.string(), mac: z.string() }).optional(),
})

/** Reads a backup that nobody vouches for yet. @throws AgentRefusal `keys.backup_malformed` */
export function readBackup(given: unknown): { backup: KeysBackup; body: BackupBody } {
  try {
    const backup = shape.parse(given)
    const body = JSON.parse(backup.body) as BackupBody
    recoveryShape.parse(body.recovery)
    return { backup, body }
  } catch {
    throw new AgentRefusal('keys.backup_malformed', 'this is no backup of keys', 'invalid')
  }
}

/** Was it made by an agent of this recovery key, and is it as it was made? */
export function isAuthentic({ body, mac }: KeysBackup, macOf: (data: Buffer) => Buffer): boolean {
  return equal(macOf(digestOf(body)), Buffer.from(mac, 'base64'))
}

/**
 * Vouches for a whole file of a backup, of which the agent makes only a part: by the key that follows from the recovery key, so that
 * custodians can tell before anything is imported; where no ceremony was held by that of the register, and then only this
 * agent can tell, which is the only one such a file is of use to.
 */
export function sealFile({ token, keyring }: { token: Token; keyring: Keyring }, digest: Buffer): FileSeal {
  const by = keyring.state().recovery?.key ?? keyring.find(registerFamily, 'anew').key
  return { by, mac: token.mac({ key: by, mechanism: 'hmac-sha256' }, saidOf(digest)).toString('base64') }
}

/** Is a file as it was when an agent that has the key `by` vouched for it? */
export function isSealedFile({ digest, seal }: SealedFile, macOf: (data: Buffer) => Buffer): boolean {
  return equal(macOf(saidOf(digest)), Buffer.from(seal.mac, 'base64'))
}

/** @throws AgentRefusal `keys.backup_forged` where this agent has not vouched for it, nor another with its custodians */
export function refuseForgedFile({ token, keyring }: { token: Token; keyring: Keyring }, file: SealedFile): void {
  const family = parseKey(file.seal.by)?.family
  if (family === registerFamily || family === recoveryFamily) {
    const entry = keyring.list().find(({ key, state }) => key === file.seal.by && state !== 'destroyed')
    if (entry && isSealedFile(file, (data) => token.mac({ key: entry.key, mechanism: 'hmac-sha256' }, data))) return
  }
  throw forgedFile()
}

export function forgedFile(): AgentRefusal {
  return new AgentRefusal('keys.backup_forged', 'this backup is not as an agent of these keys wrote it', 'refused')
}

/** The material in an entry's copy. @throws Error when it was changed or is another key's */
export function openCopy(entry: Entry, recovery: Recovery, secret: Buffer, macOf: (data: Buffer) => Buffer): Buffer {
  const bound = boundOf(recovery.name, entry)
  const sealed = Buffer.from(entry.copy?.sealed ?? '', 'base64')
  if (!equal(macOf(authenticated(bound, sealed)), Buffer.from(entry.copy?.mac ?? '', 'base64')))
    throw new Error(`the copy of ${entry.key} was not made by an agent of this recovery key`)
  return openSealed(secret, sealed, bound)
}

function withoutCopy({ copy: _of, ...entry }: Entry): Entry {
  return entry
}

function digestOf(body: string): Buffer {
  return createHash('sha256').update('countroom-keys-1|').update(body).digest()
}

function saidOf(digest: Buffer): Buffer {
  return createHash('sha256').update('countroom-keys-file-1|').update(digest).digest()
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
