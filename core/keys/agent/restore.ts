import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyState, KeysBackup, RestoreStatus, SealedFile } from '../entry.ts'
import { type BackupBody, forgedFile, isAuthentic, isSealedFile, openCopy, readBackup } from './backup.ts'
import { endorsementOf, type Recovery } from './births.ts'
import { everyday, parseKey, recoveryFamily, registerFamily } from './catalogue.ts'
import { importRecoveryKey } from './ceremony.ts'
import { faultsOfEntry } from './checks.ts'
import { furtherLog } from './heads.ts'
import type { Keyring } from './keyring.ts'
import { type MechanismName, mechanismOf } from './mechanisms.ts'
import { ownedShare } from './quorum.ts'
import { AgentRefusal } from './refusal.ts'
import { type Entry, remainsOf } from './register.ts'
import { copiesKeyOf, publicOf } from './sealing.ts'
import { joinShares } from './shares.ts'
import { logFamily } from './succession.ts'
import type { Token } from './token.ts'

type Restoring = {
  backup: KeysBackup
  /** The file it came in. */
  file: SealedFile | undefined
  body: BackupBody
  shares: Map<string, Buffer>
}

/**
 * Brings the keys of a backup into this token: on a second node (join), or after the token was lost. A quorum of
 * custodians gives their shares one by one; below the threshold nothing can be opened, and nothing is imported before
 * all of it has been opened and found sound.
 */
export function openRestore({
  token,
  keyring,
  canServe,
}: {
  token: Token
  keyring: Keyring
  canServe(mechanism: MechanismName): boolean
}) {
  let under: Restoring | undefined

  return {
    begin(role: string, given: unknown, file?: SealedFile): RestoreStatus {
      const { backup, body } = readBackup(given)
      return keyring.manage(role, 'restore-begin', body.recovery.key, () => {
        forget()
        under = { backup, file, body, shares: new Map() }
        return status(under)
      })
    },
    share(role: string, text: string): RestoreStatus {
      const restoring = begun()
      return keyring.manage(role, 'restore-share', restoring.body.recovery.key, () => {
        const { owner, bytes } = ownedShare(restoring.body.recovery, text)
        if (restoring.shares.has(owner))
          throw new AgentRefusal('keys.share_given', `${owner} has given their share already`, 'conflict')
        restoring.shares.set(owner, bytes)
        return status(restoring)
      })
    },
    /**
     * `without`: keys that have no copy and are given up. `alone`: no other node has them either, so what was active among them goes on
     * with a new epoch; a node that joins others waits for theirs.
     */
    async finish(
      role: string,
      without: readonly string[],
      alone: boolean,
    ): Promise<{ imported: string[]; updated: string[] }> {
      const restoring = begun()
      const { recovery } = restoring.body
      const enough = restoring.shares.size >= recovery.threshold
      const secret = enough ? await joinShares([...restoring.shares.values()]) : Buffer.alloc(32)
      const macKey = copiesKeyOf(secret)
      try {
        return keyring.manage(role, 'restore-finish', recovery.key, (change) => {
          if (!enough)
            throw new AgentRefusal(
              'keys.shares_missing',
              `${restoring.shares.size} of ${recovery.threshold} shares`,
              'refused',
            )
          const macOf = (data: Buffer) => createHmac('sha256', macKey).update(data).digest()
          if (publicOf(secret).toString('base64') !== recovery.publicKey || !isAuthentic(restoring.backup, macOf))
            throw new AgentRefusal(
              'keys.backup_forged',
              'this backup was not made by an agent of this recovery key',
              'refused',
            )
          const { file } = restoring
          if (file && !(file.seal.by === recovery.key && isSealedFile(file, macOf))) throw forgedFile()
          refuseStrangers(recovery)
          const plan = planOf(restoring.body, keyring.state().entries, without)
          refuseUnserved(plan.anew)
          const opened = plan.anew.map((entry) => ({ entry, material: openCopy(entry, recovery, secret, macOf) }))
          const known = keyring.state().entries.find(({ key }) => key === recovery.key)
          const own =
            known ?? importRecoveryKey(token, recovery, parseKey(recovery.key)?.epoch ?? 1, secret, recovery.heldAt)
          for (const { entry, material } of opened) {
            token.import(entry, material)
            material.fill(0)
          }
          const faults = plan.anew.flatMap((entry) => faultsOfEntry(token, entry))
          if (faults.length > 0) throw new Error(faults.join('; '))
          const entries = [...plan.entries.filter(({ key }) => key !== own.key).map(superseded), own]
          change({
            ...keyring.state(),
            recovery,
            log: furtherLog(keyring.state().log, restoring.body.log),
            entries: alone ? [...entries, ...successors(entries, recovery)] : entries,
          })
          for (const key of plan.gone) token.destroy(key)
          forget()
          return { imported: plan.anew.map(({ key }) => key), updated: plan.updated }
        })
      } finally {
        secret.fill(0)
        macKey.fill(0)
      }
    },
    status: () => (under ? status(under) : undefined),
  }

  /**
   * A backup names its own custodians, so their quorum alone says nothing: it must be the quorum of the recovery key this
   * token knows, or one that that quorum has put in its place. Only an agent that has no keys yet takes anybody's.
   */
  function refuseStrangers(recovery: Recovery): void {
    if (keyring.isWaiting()) return
    const present = keyring.state().recovery
    if (!present)
      throw new AgentRefusal('keys.foreign', 'this token has keys of its own; join with an empty one', 'conflict')
    if (recovery.publicKey === present.publicKey && recovery.key === present.key) return
    const { endorsed } = recovery
    if (endorsed?.by === present.key && isSame(endorsementOf(token, present.key, recovery), endorsed.mac)) return
    throw new AgentRefusal(
      'keys.custodians_foreign',
      'the custodians of this backup are not those of this token, nor put in their place by them',
      'refused',
    )
  }

  /** A family whose active epoch was given up goes on with a new one, or nothing could be sealed, tagged or signed any more. */
  function successors(entries: readonly Entry[], recovery: Recovery): Entry[] {
    const orphaned = everyday.filter(
      (family) => !entries.some((each) => each.family === family && each.state === 'active'),
    )
    return orphaned.map((family) => {
      const epoch = Math.max(0, ...entries.filter((each) => each.family === family).map((each) => each.epoch)) + 1
      const entry = keyring.bring(family, epoch, 'active', recovery)
      return family === logFamily ? { ...entry, signsFrom: null } : entry
    })
  }

  function begun(): Restoring {
    if (!under) throw new AgentRefusal('keys.no_restore', 'no restore was begun', 'conflict')
    return under
  }

  function forget(): void {
    for (const share of under?.shares.values() ?? []) share.fill(0)
    under = undefined
  }

  function refuseUnserved(entries: readonly Entry[]): void {
    const unserved = entries.filter(({ mechanism }) => !canServe(mechanism))
    if (unserved.length > 0)
      throw new AgentRefusal(
        'keys.mechanism',
        `this module cannot serve ${unserved.map(({ key, mechanism }) => `${key} (${mechanism})`).join(', ')}`,
        'refused',
      )
  }
}

type Plan = { anew: Entry[]; updated: string[]; gone: string[]; entries: Entry[] }

/** What becomes of every key: imported, brought to the backup's state, or only remembered. */
function planOf({ entries: theirs }: BackupBody, ours: readonly Entry[], without: readonly string[]): Plan {
  const mine = new Map(ours.map((entry) => [entry.key, entry]))
  const foreign = theirs.filter(({ key, check }) => mine.has(key) && mine.get(key)?.check !== check)
  if (foreign.length > 0)
    throw new AgentRefusal(
      'keys.foreign',
      `this token has keys of its own (${names(foreign)}); join with an empty one`,
      'conflict',
    )
  const behind = ours.filter(
    ({ key, family, state }) =>
      state === 'active' && family !== registerFamily && isLeft(key) && theirs.some((each) => each.family === family),
  )
  if (behind.length > 0)
    throw new AgentRefusal('keys.backup_old', `this node has newer keys than the backup (${names(behind)})`, 'conflict')
  const forgotten = theirs.filter((entry) => isBefore(entry.state, mine.get(entry.key)?.state))
  if (forgotten.length > 0)
    throw new AgentRefusal(
      'keys.backup_old',
      `the backup is older than what happened here to ${names(forgotten)}, and a state has no way back`,
      'conflict',
    )
  const lost = theirs.filter(
    (entry) =>
      !mine.has(entry.key) &&
      entry.state !== 'destroyed' &&
      !entry.copy &&
      !isPublicOnly(entry) &&
      !without.includes(entry.key),
  )
  if (lost.length > 0)
    throw new AgentRefusal(
      'keys.token_born',
      `${names(lost)} were born in their token and have no copy; rotate them first, or give them up by name`,
      'conflict',
    )
  const anew = theirs.filter(
    ({ key, state, copy }) => !mine.has(key) && state !== 'destroyed' && copy && !without.includes(key),
  )
  const told = theirs.map((entry): Entry => {
    const own = mine.get(entry.key)
    if (own) return own.state === 'destroyed' ? own : remainsOf({ ...own, ...entry })
    // What is not in this token is remembered like a destroyed key: by its public half at most.
    return anew.includes(entry) ? entry : remainsOf({ ...entry, state: 'destroyed' })
  })
  const left = ours.filter(({ key }) => isLeft(key))
  const updated = told.filter(({ key, state }) => mine.has(key) && mine.get(key)?.state !== state)
  return {
    anew,
    updated: updated.map(({ key }) => key),
    gone: updated.filter(({ state }) => state === 'destroyed').map(({ key }) => key),
    entries: [...left, ...told],
  }

  function isLeft(key: string): boolean {
    return !theirs.some((each) => each.key === key)
  }
}

const course: readonly KeyState[] = ['pre-active', 'active', 'decrypt-only', 'destroyed']

/** A destroyed key stays so, whatever a backup says. */
function isBefore(theirs: KeyState, ours: KeyState | undefined): boolean {
  return ours !== undefined && ours !== 'destroyed' && course.indexOf(theirs) < course.indexOf(ours)
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** The key that authenticated the copies of an earlier ceremony. */
function superseded(entry: Entry): Entry {
  return entry.family === recoveryFamily && entry.state === 'active' ? { ...entry, state: 'decrypt-only' } : entry
}

function status({ body, shares }: Restoring): RestoreStatus {
  const { name, threshold, custodians } = body.recovery
  return { recovery: name, threshold, custodians: custodians.map((each) => each.name), given: [...shares.keys()] }
}

/** Of a signing key that signs no more, the public half is all that is needed. */
function isPublicOnly({ mechanism, state }: Entry): boolean {
  return mechanismOf(mechanism).use === 'sign' && state === 'decrypt-only'
}

function names(entries: readonly Entry[]): string {
  return entries.map(({ key }) => key).join(', ')
}
