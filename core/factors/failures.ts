import * as audit from '#audit'
import type { Refusal, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import { codeWrong, throttled } from './errors.ts'
import { daySeconds, failureSecondsWindow, failuresMax, failuresPerDayMax } from './policy.ts'

/** One at a time for each holder, until the caller's transaction ends: two could otherwise pass where one may. */
export async function hold(tx: Tx, holder: string): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext(${`factors ${holder}`}))`
}

/** Too many wrong codes lately? To be asked after `hold`. */
export async function throttle(tx: Tx, command: KeyedCommand, holder: string): Promise<Refusal | undefined> {
  const since = (seconds: number) => new Date(command.now.getTime() - seconds * 1000)
  const [row] = await tx<Array<{ lately: number; today: number }>>`
    select count(*) filter (where at > ${since(failureSecondsWindow)})::int as lately, count(*)::int as today
    from factors.failures where holder = ${holder} and at > ${since(daySeconds)}`
  const { lately = 0, today = 0 } = row ?? {}
  if (lately < failuresMax && today < failuresPerDayMax) return undefined
  await audit.record(tx, command, {
    action: 'factors.refused',
    subject: holder,
    detail: { kind: 'code', cause: 'too many wrong codes' },
  })
  return throttled(today >= failuresPerDayMax ? daySeconds / 4 : failureSecondsWindow)
}

/** Counts a wrong code. Answers what to say, so that the caller can commit. */
export async function wrongCode(
  tx: Tx,
  command: KeyedCommand,
  { holder, kind }: { holder: string; kind: string },
): Promise<Refusal> {
  await tx`delete from factors.failures where holder = ${holder} and at < ${new Date(command.now.getTime() - daySeconds * 1000)}`
  await tx`insert into factors.failures (holder, at) values (${holder}, ${command.now})`
  await audit.record(tx, command, { action: 'factors.refused', subject: holder, detail: { kind, cause: 'wrong code' } })
  return codeWrong()
}
