import * as audit from '#audit'
import type { Reader, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import type { Channel } from './channel.ts'
import { faultsAddress } from './policy.ts'

export type Bounce = { at: Date; status: string }

/**
 * A carrier or a report says that a message did not arrive. When that is the fault of the holder's own address, and that is
 * still the one it went to, nothing more goes there until it is changed or somebody says to try again.
 */
export async function noteBounce(tx: Tx, command: KeyedCommand, message: string, status: string): Promise<void> {
  const [row] = await tx<Array<{ holder: string; channel: Channel; own: boolean; made: Date }>>`
    update messages.outbox set state = 'bounced', status = ${status}
    where message = ${message} and state in ('sent', 'given_up', 'delivered')
    returning holder, channel, to_own_address as own, made_at as made`
  if (!row?.own || !faultsAddress(status)) return
  const marked = await tx`
    insert into messages.addresses as a (holder, channel, since, bounced_at, status)
    values (${row.holder}, ${row.channel}, ${row.made}, ${command.now}, ${status})
    on conflict (holder, channel) do update set bounced_at = excluded.bounced_at, status = excluded.status
    where a.bounced_at is null and a.since <= ${row.made}`
  if (marked.count === 0) return
  await audit.record(tx, command, {
    action: 'messages.address_bounced',
    subject: row.holder,
    detail: { channel: row.channel, status },
  })
}

/** From now on the holder has another address there; what came back from the old one no longer counts. */
export async function addressChanged(tx: Tx, { now }: KeyedCommand, of: { holder: string; channel: Channel }) {
  await tx`
    insert into messages.addresses (holder, channel, since) values (${of.holder}, ${of.channel}, ${now})
    on conflict (holder, channel) do update set since = excluded.since, bounced_at = null, status = null`
}

/** Did the last that went to the holder's own address come back for good? */
export async function bounceOf(reader: Reader, holder: string, channel: Channel): Promise<Bounce | undefined> {
  const [row] = await reader<Bounce[]>`
    select bounced_at as at, status from messages.addresses
    where holder = ${holder} and channel = ${channel} and bounced_at is not null`
  return row
}

export async function goneBad(reader: Reader, holder: string, channel: Channel): Promise<boolean> {
  return (await bounceOf(reader, holder, channel)) !== undefined
}

/** Somebody made sure that the address is good again. */
export async function tryAgain(tx: Tx, command: KeyedCommand, { holder, reason }: { holder: string; reason: string }) {
  await addressChanged(tx, command, { holder, channel: 'email' })
  await audit.record(tx, command, { action: 'messages.address_trusted', subject: holder, reason })
}
