import * as audit from '#audit'
import { enqueue, newId, type Reader, Refusal, type Tx } from '#base'
import { type KeyedCommand, open, seal } from '#keys'
import { goneBad, noteBounce } from './address.ts'
import type { Channel } from './channel.ts'
import type { Language } from './language.ts'
import { claimSeconds, daysKept, nextAttempt } from './policy.ts'
import type { Contact, Directory, Fate, Letter } from './ports.ts'
import { render } from './template.ts'
import { type TemplateName, templateOf, type ValuesOf } from './templates/catalogue.ts'

/** The job that sends one message. */
export const sendQueue = 'messages.send'

export type News<T extends TemplateName> = {
  /** Who it is for: `plr_…` or `stf_…`. */
  to: string
  template: T
  values: ValuesOf<T>
  /** Where it goes, when that is not the holder's own e-mail address: a phone (E.164), an address that is new or was theirs. */
  address?: string
  /** Whoever has none in the directory; else theirs. */
  language?: Language
  /** Not sent after this instant; for what ends, such as a code. */
  before?: Date
  /** Not told again to the same holder within so many minutes, so that nobody can flood somebody else's mailbox. */
  quietMinutes?: number
}

type Sealed = { values: Record<string, string>; address?: string }
type Row = {
  message: string
  holder: string
  channel: Channel
  template: string
  language: Language | null
  sealed: Buffer | null
  own: boolean
  attempts: number
  before: Date | null
}
type State = 'sent' | 'given_up' | 'expired' | 'withheld' | 'bounced'

/**
 * Tells somebody something, in the caller's transaction: the message exists if and only if that commits, and a job sends it.
 * Values and address are sealed under the holder's key. Answers its id; undefined when it was told within the quiet time.
 *
 * @throws Refusal `keys.erased`
 */
export async function tell<T extends TemplateName>(
  tx: Tx,
  command: KeyedCommand,
  news: News<T>,
): Promise<string | undefined> {
  const { to: holder, template, values, address, language, before, quietMinutes } = news
  if (quietMinutes !== undefined && (await timesTold(tx, command, holder, template, quietMinutes)) > 0) return undefined
  const message = newId('msg', command.now.getTime())
  const plaintext = JSON.stringify({ values, ...(address === undefined ? {} : { address }) } satisfies Sealed)
  const sealed = await seal(tx, command, { ...placeOf(holder, message), plaintext })
  await tx`
    insert into messages.outbox (message, holder, channel, template, language, sealed, to_own_address, made_at, due_at, before)
    values (${message}, ${holder}, ${templateOf(template)!.channel}, ${template}, ${language ?? null}, ${sealed},
      ${address === undefined}, ${command.now}, ${command.now}, ${before ?? null})`
  await enqueue(tx, { queue: sendQueue, data: { message } })
  return message
}

/**
 * How often somebody was told this within a day; for who makes a code to go with it, and makes none where no more may be sent.
 */
export function timesToldToday(
  tx: Tx,
  command: KeyedCommand,
  { to, template }: { to: string; template: TemplateName },
) {
  return timesTold(tx, command, to, template, 24 * 60)
}

/**
 * Takes a message to send it: claimed for some minutes, so that of two jobs one gets it. Undefined when there is nothing to
 * send: it has gone, its time is over, its address came back, or nobody is there any more.
 */
export async function take(
  tx: Tx,
  command: KeyedCommand,
  message: string,
  { directory, brand }: { directory: Directory; brand: string },
): Promise<Letter | undefined> {
  const claim = new Date(command.now.getTime() + claimSeconds * 1000)
  const [row] = await tx<Row[]>`
    update messages.outbox set claimed_until = ${claim}, attempts = attempts + 1
    where message = ${message} and state = 'waiting' and due_at <= ${command.now}
      and (claimed_until is null or claimed_until <= ${command.now})
    returning message, holder, channel, template, language, sealed, to_own_address as own, attempts, before`
  if (!row) return undefined
  if (row.before && row.before <= command.now) return conclude(tx, command, row, 'expired')
  const contact = await directory(tx, command.keys, row.holder)
  const content = contact && (await contentOf(tx, command, row))
  const address = content?.address ?? contact?.email
  if (!content || !contact || !address) return conclude(tx, command, row, 'withheld')
  if (row.own && (await goneBad(tx, row.holder, row.channel))) return conclude(tx, command, row, 'withheld')
  return letterOf(row, contact, content.values, address, brand)
}

/** Writes down what the carrier said. The last failure is an event: somebody was not told. */
export async function note(tx: Tx, command: KeyedCommand, message: string, fate: Fate): Promise<void> {
  const [row] = await tx<Row[]>`
    select message, holder, channel, template, language, sealed, to_own_address as own, attempts, before
    from messages.outbox where message = ${message} and state = 'waiting' for update`
  if (!row) return
  if (fate.fate === 'accepted') {
    // Carriers begin their numbers anew after some time; then the number is the newer message's.
    if (fate.reference !== undefined)
      await tx`
        update messages.outbox set reference = null
        where carrier = ${fate.carrier} and reference = ${fate.reference} and message <> ${message}`
    await tx`
      update messages.outbox set carrier = ${fate.carrier}, reference = ${fate.reference ?? null} where message = ${message}`
    await conclude(tx, command, row, 'sent')
    return
  }
  if (fate.fate === 'refused') {
    await conclude(tx, command, row, 'given_up', fate.status)
    await noteBounce(tx, command, message, fate.status)
    return
  }
  const again = nextAttempt(row.attempts, command.now, row.before)
  if (!again) {
    await conclude(tx, command, row, 'given_up', fate.status)
    return
  }
  await tx`
    update messages.outbox set due_at = ${again}, claimed_until = null, status = ${fate.status} where message = ${message}`
  await enqueue(tx, { queue: sendQueue, data: { message }, startAfter: again })
}

/** Messages whose job got lost, oldest first. */
export async function leftOver(reader: Reader, now: Date): Promise<string[]> {
  const since = new Date(now.getTime() - claimSeconds * 1000)
  const rows = await reader<Array<{ message: string }>>`
    select message from messages.outbox
    where state = 'waiting' and due_at < ${since} and (claimed_until is null or claimed_until <= ${now})
    order by due_at limit 200`
  return rows.map(({ message }) => message)
}

/** What a holder was told and when, newest first; what stood in it is not kept. */
export async function toldTo(
  reader: Reader,
  holder: string,
): Promise<Array<{ template: string; channel: Channel; at: Date; state: string }>> {
  return await reader`
    select template, channel, made_at as at, state from messages.outbox where holder = ${holder} order by made_at desc limit 5000`
}

/** Forgets what has ended long ago. Answers how many went. */
export async function forget(tx: Tx, now: Date): Promise<number> {
  const before = new Date(now.getTime() - daysKept * 86_400_000)
  return (await tx`delete from messages.outbox where made_at < ${before} and state <> 'waiting'`).count
}

/** How things stand: since when the oldest waits that is due, how many were given up within a day, and addresses that came back. */
export async function standing(
  reader: Reader,
  now: Date,
): Promise<Array<{ channel: string; waitingSince: Date | null; givenUp: number; bounced: number }>> {
  const since = new Date(now.getTime() - 86_400_000)
  return await reader`
    select channel,
      (select min(made_at) from messages.outbox o where o.channel = c.channel and state = 'waiting') as "waitingSince",
      (select count(*)::int from messages.outbox o
        where o.channel = c.channel and state = 'given_up' and made_at > ${since}) as "givenUp",
      (select count(*)::int from messages.addresses a where a.channel = c.channel and bounced_at is not null) as bounced
    from (values ('email'), ('sms')) c (channel)`
}

async function timesTold(tx: Tx, { now }: KeyedCommand, holder: string, template: string, minutes: number) {
  const since = new Date(now.getTime() - minutes * 60_000)
  const [row] = await tx<Array<{ count: number }>>`
    select count(*)::int as count from messages.outbox
    where holder = ${holder} and template = ${template} and made_at > ${since}`
  return row?.count ?? 0
}

/** Whoever was erased is told nothing more. */
async function contentOf(tx: Tx, { keys }: KeyedCommand, row: Row): Promise<Sealed | undefined> {
  if (!row.sealed) return undefined
  try {
    const text = await open(tx, keys, { ...placeOf(row.holder, row.message), envelope: row.sealed })
    return JSON.parse(text.toString()) as Sealed
  } catch (error) {
    if (error instanceof Refusal && error.code === 'keys.shredded') return undefined
    throw error
  }
}

function letterOf(row: Row, contact: Contact, values: Record<string, string>, address: string, brand: string): Letter {
  const template = templateOf(row.template)
  if (!template) throw new Error(`there is no template ${row.template}`)
  const language = row.language ?? contact.language
  const { name } = contact
  const rendered = render(template, language, values, { name, brand })
  return { id: row.message, channel: row.channel, address, language, before: row.before, ...rendered }
}

async function conclude(tx: Tx, command: KeyedCommand, row: Row, state: State, status?: string): Promise<undefined> {
  await tx`
    update messages.outbox
    set state = ${state}, ended_at = ${command.now}, sealed = null, claimed_until = null, status = ${status ?? null}
    where message = ${row.message}`
  if (state !== 'given_up') return
  const { channel, template, attempts } = row
  await audit.record(tx, command, {
    action: 'messages.given_up',
    subject: row.holder,
    detail: { message: row.message, channel, template, attempts, status: status ?? '' },
  })
}

function placeOf(holder: string, message: string) {
  return { player: holder, purpose: 'contact' as const, table: 'messages.outbox', column: 'sealed', row: message }
}
