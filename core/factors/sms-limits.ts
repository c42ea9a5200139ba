import { networkOf, type Tx } from '#base'
import type { KeyedCommand } from '#keys'
import { smsTooOften } from './errors.ts'
import { daySeconds, type SmsLimit, smsLimits, smsPauseSeconds } from './policy.ts'

/**
 * Counts a text message that is about to go out, or refuses it: messages cost money, bother whoever has the telephone, and some
 * people are paid for those that go to numbers of theirs. So they are counted by holder, what strangers ask for apart, by number, by its block of ten thousand
 * numbers, and by the network of who asks.
 *
 * @throws Refusal `factors.sms_too_often`
 */
export async function countSms(
  tx: Tx,
  command: KeyedCommand,
  { holder, phone, stranger }: { holder: string; phone: string; stranger: boolean },
): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext('factors sms'))` // they are few; of two at once the second knows of the first
  const since = (seconds: number) => new Date(command.now.getTime() - seconds * 1000)
  await tx`delete from factors.sms_counts where at < ${since(daySeconds)}`
  for (const [limit, subject] of await subjectsOf(command, holder, phone, stranger)) {
    const [row] = await tx<Array<{ now: number; hour: number; day: number }>>`
      select count(*) filter (where at > ${since(smsPauseSeconds)})::int as now,
        count(*) filter (where at > ${since(3600)})::int as hour, count(*)::int as day
      from factors.sms_counts where subject = ${subject} and at > ${since(daySeconds)}`
    const { now = 0, hour = 0, day = 0 } = row ?? {}
    const { perHourMax, perDayMax } = smsLimits[limit]
    if (day >= perDayMax) throw smsTooOften(daySeconds / 4)
    if (hour >= perHourMax) throw smsTooOften(3600)
    if ((limit === 'holder' || limit === 'stranger') && now > 0) throw smsTooOften(smsPauseSeconds)
    await tx`insert into factors.sms_counts (subject, at) values (${subject}, ${command.now})`
  }
}

async function subjectsOf({ keys, actor }: KeyedCommand, holder: string, phone: string, stranger: boolean) {
  const epoch = await keys.active('hk-pepper')
  const mac = (limit: SmsLimit, value: string) => keys.mac(epoch, Buffer.from(`sms|${limit}|${value}`))
  const subjects: Array<[SmsLimit, string]> = [
    [stranger ? 'stranger' : 'holder', holder],
    ['number', phone],
    ['block', phone.slice(0, -4)],
    ...(actor.address === undefined ? [] : ([['network', networkOf(actor.address)]] as Array<[SmsLimit, string]>)),
  ]
  return Promise.all(subjects.map(async ([limit, value]) => [limit, await mac(limit, value)] as const))
}
