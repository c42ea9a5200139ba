import type { CeremonyStatus } from '../entry.ts'
import { openCopy } from './backup.ts'
import { copyOf, endorsementOf, type Recovery } from './births.ts'
import { epochName, everyday, recoveryFamily, registerFamily } from './catalogue.ts'
import { checkOf } from './checks.ts'
import type { Keyring } from './keyring.ts'
import { secretOf } from './quorum.ts'
import { AgentRefusal } from './refusal.ts'
import type { Entry } from './register.ts'
import { copiesKeyOf, newRecoveryPair } from './sealing.ts'
import { markOf, printShare, recoveryName, splitSecret } from './shares.ts'
import type { Token } from './token.ts'

const custodiansMax = 16
const nameCharactersMax = 64

/**
 * Holds a ceremony: a new recovery key, of which only the public half and the marks of its shares stay here. From then on
 * every key is born outside the token and kept besides as a copy sealed to it. Answers one printed share per custodian,
 * in their order; nobody can ask for them again. Where there is a recovery key already, a quorum of its custodians has to
 * give their shares: nobody takes the keys from them.
 *
 * @throws AgentRefusal `keys.ceremony_invalid` where one custodian alone could restore, or a name is given twice; what `secretOf` says of
 *   the shares of the present custodians
 */
export async function holdCeremony(
  { token, keyring, now }: { token: Token; keyring: Keyring; now(): Date },
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
  const epoch = Math.max(0, ...entries.filter(({ family }) => family === recoveryFamily).map((each) => each.epoch)) + 1
  const fresh: Recovery = {
    name: recoveryName(publicKey),
    publicKey: publicKey.toString('base64'),
    threshold,
    custodians: custodians.map((name, i) => ({ name, mark: markOf(parts[i]!) })),
    heldAt: now().toISOString(),
    key: epochName(recoveryFamily, epoch),
  }
  const recovery = present
    ? { ...fresh, endorsed: { by: present.key, mac: endorsementOf(token, present.key, fresh) } }
    : fresh
  try {
    keyring.manage(role, 'ceremony', recovery.key, (change) => {
      if (consent instanceof Error) throw consent
      const waited = keyring.isWaiting()
      const own = importRecoveryKey(token, recovery, epoch, secret, recovery.heldAt)
      const kept = entries.map((entry): Entry => {
        if (entry.family === recoveryFamily && entry.state === 'active')
          return { ...entry, state: 'decrypt-only', retiredAt: recovery.heldAt }
        return present && consent && entry.copy ? resealed(token, entry, present, consent, recovery) : entry
      })
      const first = waited
        ? everyday
            .filter((family) => family !== registerFamily)
            .map((family) => keyring.bring(family, 1, 'active', recovery))
        : []
      change({ ...keyring.state(), recovery, entries: [...kept, own, ...first] })
    })
    const shares = parts.map((bytes) => printShare({ recovery: recovery.name, threshold, bytes }))
    return { recovery: recovery.name, shares }
  } finally {
    for (const bytes of [secret, ...parts, ...(Buffer.isBuffer(consent) ? [consent] : [])]) bytes.fill(0)
  }
}

/** What was sealed to the recovery key before is sealed to the next one, so that no key is left without a copy. */
function resealed(token: Token, entry: Entry, present: Recovery, secret: Buffer, recovery: Recovery): Entry {
  const macOf = (data: Buffer) => token.mac({ key: present.key, mechanism: 'hmac-sha256' }, data)
  const material = openCopy(entry, present, secret, macOf)
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
