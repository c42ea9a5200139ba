import { type Birth, bear } from './births.ts'
import { adopted, epochName, everyday, type Family, parseKey, registerFamily } from './catalogue.ts'
import { checkOf } from './checks.ts'
import type { KeyringOptions } from './keyring.ts'
import type { MechanismName } from './mechanisms.ts'
import type { Entry } from './register.ts'
import type { KeyRef } from './token.ts'

/**
 * The first register of a token: its keys are made, or those of the first version are adopted under their new names.
 * Only where that is allowed, and written in the journal; a start that ended in the middle is taken up by the next.
 *
 * @throws Error when there should be a register, or an older token is not whole
 */
export function beginRegister(options: KeyringOptions): Entry[] {
  const { token, journal } = options
  const names = token.names()
  const under = journal.unfinished()?.operation
  const old = Object.keys(adopted).filter((name) => parseKey(name)?.epoch === undefined)
  const adopting = under === 'adopt' || old.some((name) => names.has(name))
  const resumed = under === 'adopt' || under === 'first-start'
  if (!adopting && !resumed) refuseUnexpected(options, names)
  if (!resumed)
    journal.append({ role: 'agent', operation: adopting ? 'adopt' : 'first-start', key: '', outcome: 'begun' })
  // Before a ceremony or a join there is nothing but what seals the register itself.
  const wanted =
    adopting || (options.birth === 'token' && options.firstStart === 'create') ? everyday : [registerFamily]
  return wanted.map((family) => (adopting && adopt(options, names, family)) || make(options, family))
}

/** Without a register the names in the token mean nothing: somebody may have chosen them. */
function refuseUnexpected({ stateDir, firstStart }: KeyringOptions, names: ReadonlySet<string>): void {
  const ours = [...names].filter((name) => parseKey(name))
  if (ours.length > 0)
    throw new Error(
      `The register in ${stateDir} is gone, and the token holds keys (${ours.join(', ')}). Restore ${stateDir} from a backup.`,
    )
  if (firstStart === 'refuse')
    throw new Error(`The register in ${stateDir} and the keys of the token are gone. Restore both from a backup.`)
}

function adopt(options: KeyringOptions, names: ReadonlySet<string>, family: Family): Entry | undefined {
  const [old] = Object.entries(adopted).find(([, to]) => to === family) ?? []
  if (old === undefined) return undefined
  const key = epochName(family, 1)
  const mechanism: MechanismName = family.startsWith('kek')
    ? 'aes-kw'
    : family.startsWith('hk')
      ? 'hmac-sha256'
      : 'ecdsa-p256-sha256'
  if (!names.has(old) && !names.has(key))
    throw new Error(`The token lacks ${old}, which it had. Restore it from a backup.`)
  if (old !== key && names.has(old)) options.token.rename(old, { key, mechanism })
  const ref = { key, mechanism }
  return entryOf(options, ref, family, { origin: 'token', ...checkOf(options.token, ref) })
}

/** What a start before this one left half made was never used. */
function make(options: KeyringOptions, family: Family): Entry {
  const key = epochName(family, 1)
  const mechanism = options.mechanismFor(family)
  options.token.destroy(key)
  return entryOf(options, { key, mechanism }, family, bear(options.token, { key, mechanism }, undefined))
}

function entryOf({ now }: KeyringOptions, ref: KeyRef, family: Family, birth: Birth): Entry {
  const at = now().toISOString()
  return { ...ref, family, epoch: 1, state: 'active', createdAt: at, activatedAt: at, ...birth }
}
