import type { CeremonyStatus } from '../entry.ts'
import { openCopy } from './backup.ts'
import { copyOf, endorsementOf, type Recovery } from './births.ts'
import { epochName, everyday, recoveryFamily, registerFamily } from './catalogue.ts'
import { checkOf } from './checks.ts'
import type { Keyring } from './keyring.ts'
import { ownedShare, secretOf } from './quorum.ts'
import { AgentRefusal } from './refusal.ts'
import type { Entry } from './register.ts'
import { copiesKeyOf, newRecoveryPair } from './sealing.ts'
import { markOf, printShare, recoveryName, splitSecret } from './shares.ts'
import type { Token } from './token.ts'

const custodiansMax = 16
const nameCharactersMax = 64
const handingOutMsMax = 3 * 3_600_000 // sixteen custodians with pen and paper

/** A recovery key whose shares are being handed out; nothing hangs on it yet. */
type Prepared = {
  recovery: Recovery
  epoch: number
  secret: Buffer
  /** The recovery key whose place it takes, opened by its custodians. */
  present?: { recovery: Recovery; secret: Buffer }
}

/**
 * A ceremony: a new recovery key, of which only the public half and the marks of its shares stay here. It is held in two steps,
 * so that a ceremony that is broken off while shares are handed out changes nothing.
 */
export function openCeremony({ token, keyring, now }: { token: Token; keyring: Keyring; now(): Date }) {
  let prepared: Prepared | undefined
  let forgetting: NodeJS.Timeout | undefined

  return {
    /**
     * Answers one printed share per custodian, in their order; nobody can ask for them again. Where there is a recovery key
     * already, a quorum of its custodians has to give their shares: nobody takes the keys from them.
     *
     * @throws AgentRefusal `keys.ceremony_invalid` where one custodian alone could restore, or a name is given twice; what
     *   `secretOf` says of the shares of the present custodians
     */
    async begin(
      role: string,
      {
        custodians,
        threshold,
        shares: given,
      }: { custodians: readonly string[]; threshold: number; shares: readonly string[] },
    ): Promise<{ recovery: string; shares: string[] }> {
      refuseWeak(custodians, threshold)
      const { secret, publicKey } = newRecoveryPair()
      const parts = await splitSecret(secret, custodians.length, threshold)
      const { entries, recovery: present } = keyring.state()
      const consent = present ? await secretOf(present, given).catch((error: Error) => error) : undefined
      const epoch = Math.max(0, ...entries.filter(isRecoveryKey).map((each) => each.epoch)) + 1
      const fresh: Recovery = {
        name: recoveryName(publicKey),
        publicKey: publicKey.toString('base64'),
        threshold,
        custodians: custodians.map((name, i) => ({ name, mark: markOf(parts[i]!) })),
        heldAt: now().toISOString(),
        key: epochName(recoveryFamily, epoch),
      }
      let held = false
      try {
        return keyring.manage(role, 'ceremony-begin', fresh.key, () => {
          if (consent instanceof Error) throw consent
          forget()
          prepared =
            present && consent
              ? { recovery: endorsed(fresh, present), epoch, secret, present: { recovery: present, secret: consent } }
              : { recovery: fresh, epoch, secret }
          held = true
          forgetting = setTimeout(forget, handingOutMsMax).unref()
          const shares = parts.map((bytes) => printShare({ recovery: fresh.name, threshold, bytes }))
          return { recovery: fresh.name, shares }
        })
      } finally {
        for (const bytes of parts) bytes.fill(0)
        if (!held) secret.fill(0)
      }
    },
    /**
     * A quorum of custodians says yes to something that is no matter of keys. Nothing changes here; the journal has that they did.
     *
     * @throws AgentRefusal `keys.no_ceremony`, and what `secretOf` says of their shares
     */
    async vouch(role: string, shares: readonly string[]): Promise<{ custodians: string[] }> {
      const { recovery } = keyring.state()
      const secret = recovery ? await secretOf(recovery, shares).catch((error: Error) => error) : noCeremony()
      return keyring.manage(role, 'custodians-vouch', recovery?.key ?? '', () => {
        if (secret instanceof Error) throw secret
        secret.fill(0)
        return { custodians: recovery ? shares.map((share) => ownedShare(recovery, share).owner) : [] }
      })
    },
    /**
     * The shares are with their custodians: from now on every key is born outside the token and kept besides as a copy sealed to
     * this recovery key, and so are the copies there are.
     *
     * @throws AgentRefusal `keys.ceremony_lost` where another was begun or held since, or the agent began anew: these shares
     *   are worth nothing
     */
    finish(role: string, name: string): void {
      const held = prepared
      keyring.manage(role, 'ceremony', held?.recovery.key ?? '', (change) => {
        const { recovery: known } = keyring.state()
        if (held?.recovery.name !== name || known?.name !== held.present?.recovery.name) throw lost()
        const { recovery, epoch, secret } = held
        const waited = keyring.isWaiting()
        const own = importRecoveryKey(token, recovery, epoch, secret, recovery.heldAt)
        const kept = keyring.state().entries.map((entry): Entry => {
          if (isRecoveryKey(entry) && entry.state === 'active')
            return { ...entry, state: 'decrypt-only', retiredAt: recovery.heldAt }
          return held.present && entry.copy ? resealed(token, entry, held.present, recovery) : entry
        })
        const first = waited
          ? everyday
              .filter((family) => family !== registerFamily)
              .map((family) => keyring.bring(family, 1, 'active', recovery))
          : []
        change({ ...keyring.state(), recovery, entries: [...kept, own, ...first] })
        forget()
      })
    },
  }

  function endorsed(fresh: Recovery, present: Recovery): Recovery {
    return { ...fresh, endorsed: { by: present.key, mac: endorsementOf(token, present.key, fresh) } }
  }

  function forget(): void {
    clearTimeout(forgetting)
    prepared?.secret.fill(0)
    prepared?.present?.secret.fill(0)
    prepared = undefined
  }
}

function noCeremony(): AgentRefusal {
  return new AgentRefusal('keys.no_ceremony', 'there was no ceremony, so there are no custodians', 'conflict')
}

function lost(): AgentRefusal {
  return new AgentRefusal(
    'keys.ceremony_lost',
    'no such ceremony is under way; shares of one are worth nothing',
    'conflict',
  )
}

function isRecoveryKey({ family }: Entry): boolean {
  return family === recoveryFamily
}

/** What was sealed to the recovery key before is sealed to the next one, so that no key is left without a copy. */
function resealed(token: Token, entry: Entry, present: NonNullable<Prepared['present']>, recovery: Recovery): Entry {
  const macOf = (data: Buffer) => token.mac({ key: present.recovery.key, mechanism: 'hmac-sha256' }, data)
  const material = openCopy(entry, present.recovery, present.secret, macOf)
  const copy = copyOf(token, entry, material, recovery)
  material.fill(0)
  return { ...entry, copy }
}

/** Every agent that takes part authenticates copies by the same key, which follows from the recovery key. */
export function importRecoveryKey(token: Token, recovery: Recovery, epoch: number, secret: Buffer, at: string): Entry {
  const ref = { key: recovery.key, mechanism: 'hmac-sha256' } as const
  const material = copiesKeyOf(secret)
  token.import(ref, material)
  material.fill(0)
  return {
    ...ref,
    family: recoveryFamily,
    epoch,
    state: 'active',
    origin: 'ceremony',
    createdAt: at,
    activatedAt: at,
    ...checkOf(token, ref),
  }
}

export function ceremonyStatus(keyring: Keyring): Omit<CeremonyStatus, 'restoring'> {
  const { recovery, entries } = keyring.state()
  const kept = entries.filter(
    ({ family, state }) => state !== 'destroyed' && family !== recoveryFamily && family !== registerFamily,
  )
  const isSealed = ({ copy }: Entry) => copy !== undefined && copy.recovery === recovery?.name
  return {
    ...(recovery
      ? {
          recovery: {
            name: recovery.name,
            threshold: recovery.threshold,
            custodians: recovery.custodians.map(({ name }) => name),
            heldAt: recovery.heldAt,
          },
        }
      : {}),
    sealed: kept.filter(isSealed).map(({ key }) => key),
    unsealed: kept.filter((entry) => !isSealed(entry)).map(({ key }) => key),
    waiting: keyring.isWaiting(),
  }
}

function refuseWeak(custodians: readonly string[], threshold: number): void {
  const no = (why: string) => new AgentRefusal('keys.ceremony_invalid', why, 'invalid')
  const names = new Set(custodians.map((name) => name.trim().toLowerCase()))
  if (names.size !== custodians.length) throw no('each custodian has one share and a name of their own')
  if (custodians.some((name) => name.trim() === '' || name.length > nameCharactersMax))
    throw no('a custodian has no name')
  if (custodians.length > custodiansMax) throw no(`there are at most ${custodiansMax} custodians`)
  if (!Number.isInteger(threshold) || threshold < 2)
    throw no('nobody alone may restore: at least two shares are needed')
  if (threshold > custodians.length) throw no('there are fewer shares than are needed')
}
