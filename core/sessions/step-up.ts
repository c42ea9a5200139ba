import * as audit from '#audit'
import type { Command, Reader, Refusal, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as licences from '#licences'
import { factorWrong, sessionEnded, stepUpRequired } from './errors.ts'
import { type Factor, outstanding } from './policy.ts'
import { sendCode, waysOf } from './proof.ts'
import { end, renew, type Session } from './session.ts'

/**
 * Lets the act go on when its licence's proof is fresh [S20] [GLI-2.5.2e-1]. Call it in the transaction of the act.
 *
 * @throws Refusal `sessions.step_up_required`, naming the factors of which one would do
 */
export async function needs(
  reader: Reader,
  { session, act, now }: { session: Session; act: licences.SensitiveAct; now: Date },
): Promise<void> {
  const { stepUp } = await licences.rules(reader)
  const lacking = outstanding(stepUp[act], session.shown, await waysOf(reader, session.playerId), now)
  if (lacking.length > 0) throw stepUpRequired(lacking)
}

/**
 * Goes on with a session whose player showed a factor again, or counts that it was wrong; after as many wrong ones as lock an
 * account, the session ends. Answers a refusal instead of throwing it: the transaction must commit either way.
 */
export async function stepUp(
  tx: Tx,
  command: Command,
  { session, factor, right }: { session: Session; factor: Factor; right: boolean },
): Promise<{ secret: string; session: Session } | { refusal: Refusal }> {
  if (!right) return { refusal: await failed(tx, command, session, factor) }
  const renewed = await renew(tx, command, { session, factor })
  if (!renewed) return { refusal: sessionEnded() }
  await audit.record(tx, command, {
    action: 'sessions.stepped_up',
    subject: session.playerId,
    detail: { factor, aal: renewed.session.aal },
  })
  return renewed
}

/** Sends a code to a player who is signed in, to be shown at a step-up. */
export async function askOwnCode(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  await sendCode(tx, command, player, 'player')
  await audit.record(tx, command, { action: 'sessions.code_asked', subject: player })
}

async function failed(tx: Tx, command: Command, session: Session, factor: Factor): Promise<Refusal> {
  const [row] = await tx<Array<{ failures: number }>>`
    update sessions.sessions set step_up_failures = step_up_failures + 1 where session = ${session.id}
    returning step_up_failures as failures`
  await audit.record(tx, command, {
    action: 'sessions.step_up_refused',
    subject: session.playerId,
    detail: { factor },
  })
  const { signInFailuresMax } = await licences.rules(tx)
  if ((row?.failures ?? 0) < signInFailuresMax) return factorWrong()
  await end(tx, command, session.id)
  return sessionEnded()
}
