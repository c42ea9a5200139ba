import { randomBytes } from 'node:crypto'
import type { Command, Tx } from '#base'
import { challengeSecondsMax } from './policy.ts'

/** What a question is about. No holder: whoever has a passkey here may answer. */
export type Question = { purpose: string; holder?: string | undefined; binding?: Buffer | undefined }

const nonceBytes = 32 // ASVS 6.7.2 asks for 64 bits
const bindingBytes = 32
const sweptAtOnce = 100

/**
 * Asks a question that one answer is taken to, once and within five minutes. Its bytes are random, and after them comes what it
 * is bound to: the SHA-256 of exactly what the holder was shown, so that the kept answer proves what they signed [S15].
 */
export async function ask(tx: Tx, command: Command, question: Question & { verified: boolean }): Promise<Buffer> {
  const { purpose, holder, binding, verified } = question
  if (binding && binding.length !== bindingBytes) throw new Error('a challenge is bound to a SHA-256')
  await tx`
    delete from factors.challenges where challenge in (
      select challenge from factors.challenges where expires_at < ${command.now} limit ${sweptAtOnce} for update skip locked)`
  const challenge = Buffer.concat([randomBytes(nonceBytes), binding ?? Buffer.alloc(0)])
  const expires = new Date(command.now.getTime() + challengeSecondsMax * 1000)
  await tx`
    insert into factors.challenges (challenge, purpose, holder, binding, user_verification, expires_at)
    values (${challenge}, ${purpose}, ${holder ?? null}, ${binding ?? null}, ${verified}, ${expires})`
  return challenge
}

/**
 * Takes a question back for its answer, right or wrong: undefined when nobody asked it, about this, of this holder, or it was
 * answered, or it is too late. `verified`: the authenticator has to say that it knows the person.
 */
export async function takeBack(
  tx: Tx,
  command: Command,
  challenge: Buffer,
  { purpose, holder, binding }: Question,
): Promise<{ verified: boolean } | undefined> {
  const [row] = await tx<Array<{ verified: boolean; asked: boolean }>>`
    delete from factors.challenges where challenge = ${challenge}
    returning user_verification as verified, purpose = ${purpose} and holder is not distinct from ${holder ?? null}
      and binding is not distinct from ${binding ?? null} and expires_at > ${command.now} as asked`
  return row?.asked ? { verified: row.verified } : undefined
}
