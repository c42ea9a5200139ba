import { createHash, randomBytes } from 'node:crypto'
import * as audit from '#audit'
import type { Refusal, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import { codeWrong } from './errors.ts'
import { tell, type Use } from './factor.ts'
import { hold } from './failures.ts'
import { recoveryCodesMade } from './policy.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32
const charactersPerCode = 24 // 120 bits: too many to guess, so an ordinary digest will do (ASVS 6.5.2)

/** New recovery codes, told now and never again; those before are void. For a day on which everything else is lost [S12]. */
export async function makeRecoveryCodes(
  tx: Tx,
  command: KeyedCommand,
  { holder }: { holder: string },
): Promise<string[]> {
  await hold(tx, holder)
  await tx`delete from factors.recovery_codes where holder = ${holder}`
  const codes = Array.from({ length: recoveryCodesMade }, newCode)
  for (const code of codes)
    await tx`
      insert into factors.recovery_codes (holder, digest, made_at) values (${holder}, ${digestOf(holder, code)}, ${command.now})`
  await audit.record(tx, command, {
    action: 'factors.recovery_codes_made',
    subject: holder,
    detail: { count: codes.length },
  })
  await tell(tx, command, { holder, change: 'recovery_codes_made', kind: 'recovery' })
  return codes
}

/**
 * Uses one up, however it is spelled: capitals, spaces and dashes do not matter, nor o for 0, i and l for 1. Wrong ones are not
 * counted: nobody guesses these, and whoever has lost the rest must not be kept out by somebody who tries.
 */
export async function useRecoveryCode(
  tx: Tx,
  command: KeyedCommand,
  { holder, code }: { holder: string; code: string },
): Promise<Use | { refusal: Refusal }> {
  const taken = await tx`
    update factors.recovery_codes set used_at = ${command.now}
    where holder = ${holder} and digest = ${digestOf(holder, code)} and used_at is null`
  if (taken.count === 0) {
    await audit.record(tx, command, {
      action: 'factors.refused',
      subject: holder,
      detail: { kind: 'recovery', cause: 'wrong code' },
    })
    return { refusal: codeWrong() }
  }
  const [row] = await tx<Array<{ left: number }>>`
    select count(*)::int as left from factors.recovery_codes where holder = ${holder} and used_at is null`
  await audit.record(tx, command, {
    action: 'factors.recovery_code_used',
    subject: holder,
    detail: { left: row?.left ?? 0 },
  })
  await tell(tx, command, { holder, change: 'recovery_code_used', kind: 'recovery' })
  return { holder, factor: 'recovery', kind: 'recovery', userVerified: false }
}

function newCode(): string {
  const characters = [...randomBytes(charactersPerCode)].map((byte) => alphabet[byte & 31]).join('')
  return (characters.match(/.{4}/g) ?? []).join('-')
}

function digestOf(holder: string, code: string): Buffer {
  const plain = code
    .toLowerCase()
    .replaceAll(/[^0-9a-z]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1')
  return createHash('sha256').update(`recovery|${holder}|${plain}`).digest()
}
