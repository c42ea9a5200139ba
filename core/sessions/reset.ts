import { randomBytes, timingSafeEqual } from 'node:crypto'
import * as audit from '#audit'
import { enqueue, type Reader, type Refusal, type Tx } from '#base'
import * as factors from '#factors'
import { type BlindIndex, blindIndex, digestOf, type KeyedCommand, newSecret, normaliseEmail } from '#keys'
import * as licences from '#licences'
import * as messages from '#messages'
import * as players from '#players'
import {
  resetEvidenceRequired,
  resetEvidenceTooOften,
  resetEvidenceWrong,
  resetFactorRequired,
  resetRefused,
} from './errors.ts'
import { countOne, failuresOfDay } from './failure.ts'
import { subjectOf } from './origin.ts'
import { changePassword } from './password.ts'

/** The job that looks whose address it is, and sends the code. */
export const resetQueue = 'sessions.reset'

const codeMinutes = 30
const attemptsMax = 5
const againMinutes = 2
/** Some are left for who asks staff, when somebody else has used up the rest. */
const perDayMax = { anybody: 20, staff: 30 }
const ticketMinutes = 15
const evidenceFailuresPerDayMax = 6
const letters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ' // none that look like another

/**
 * Somebody has forgotten the password of an address. Nobody looks here whether it is anybody's: a job does, so that this does the
 * same work, and takes the same time, for every address [CR-02].
 *
 * @throws Refusal `keys.email_malformed`
 */
export async function askReset(tx: Tx, command: KeyedCommand, { email }: { email: string }): Promise<void> {
  const { epoch, value } = await blindIndex(tx, command.keys, 'email', normaliseEmail(email))
  await enqueue(tx, { queue: resetQueue, data: { epoch, value: value.toString('hex') } })
  await audit.record(tx, command, { action: 'sessions.reset_asked', subject: 'unknown' })
}

/** The same for a player, by somebody who may: the code goes to the player alone [S10]. */
export async function offerReset(
  tx: Tx,
  command: KeyedCommand,
  { player, reason }: { player: string; reason: string },
) {
  await audit.record(tx, command, { action: 'sessions.reset_asked', subject: player, reason })
  const { email } = await players.profile(tx, command.keys, player)
  await sendReset(tx, command, await blindIndex(tx, command.keys, 'email', normaliseEmail(email)), 'staff')
}

/**
 * Makes a code for an address and sends it if the address is an active player's, unless one was made a moment ago or too many
 * today: the one that went last is good still. Nor while somebody sets a password by the code before and has not failed at it: anybody
 * may ask.
 */
export async function sendReset(
  tx: Tx,
  command: KeyedCommand,
  { epoch: of, value: account }: BlindIndex,
  asking: keyof typeof perDayMax = 'anybody',
): Promise<void> {
  const { keys, now } = command
  await tx`delete from sessions.resets where expires_at <= ${now}`
  const found = await players.findByIndex(tx, { epoch: of, value: account })
  const player = found?.status === 'active' ? found.player : null
  const template = 'reset_password'
  if (player && (await messages.timesToldToday(tx, command, { to: player, template })) >= perDayMax[asking]) return
  const code = newCode()
  const epoch = await keys.active('hk-pepper')
  const mac = await macOf(command, epoch, account, code)
  const expires = new Date(now.getTime() + codeMinutes * 60_000)
  const made = await tx`
    insert into sessions.resets as r (account, player, asked_at, code_mac, epoch, expires_at)
    values (${account}, ${player}, ${now}, ${mac}, ${epoch}, ${expires})
    on conflict (account) do update set player = excluded.player, asked_at = excluded.asked_at, code_mac = excluded.code_mac,
      epoch = excluded.epoch, expires_at = excluded.expires_at, attempts = 0, ticket = null
    where r.asked_at <= ${new Date(now.getTime() - againMinutes * 60_000)} and (r.ticket is null or r.attempts > 0)`
  if (made.count === 0 || player === null) return
  const values = { code, minutes: String(codeMinutes) }
  await messages.tell(tx, command, { to: player, template, values, before: expires })
}

/**
 * Takes the code of the mail for a ticket, with which a new password may be set within a quarter of an hour, and says which second
 * factors there are, one of which has to be shown then [S09]; or, where there is none, what its holder has to say of themselves
 * [GLI-2.5.3b]. A wrong code is counted, so it is answered and not thrown; unknown
 * addresses get the same.
 */
export async function takeResetCode(
  tx: Tx,
  command: KeyedCommand,
  { email, code }: { email: string; code: string },
): Promise<
  { secret: string; player: string; ways: factors.Way[]; evidence: licences.PersonalFact[] } | { refusal: Refusal }
> {
  const { value: account } = await blindIndex(tx, command.keys, 'email', normaliseEmail(email))
  const [row] = await tx<Array<{ player: string | null; mac: Buffer; epoch: string }>>`
    update sessions.resets set attempts = attempts + 1
    where account = ${account} and code_mac is not null and expires_at > ${command.now} and attempts < ${attemptsMax}
    returning player, code_mac as mac, epoch`
  const mac = await macOf(command, row?.epoch ?? (await command.keys.active('hk-pepper')), account, spelt(code))
  const player = row && timingSafeEqual(mac, row.mac) ? row.player : null
  if (player === null) {
    await audit.record(tx, command, { action: 'sessions.reset_refused', subject: 'unknown' })
    return { refusal: resetRefused() }
  }
  const { secret, digest } = newSecret()
  const ends = new Date(command.now.getTime() + ticketMinutes * 60_000)
  await tx`
    update sessions.resets set code_mac = null, attempts = 0, ticket = ${digest}, expires_at = ${ends}
    where account = ${account}`
  await audit.record(tx, command, { action: 'sessions.reset_code_taken', subject: player })
  return { secret, player, ...(await demanded(tx, player)) }
}

/** Whose ticket it is; it is good for a quarter of an hour and one password. @throws Refusal `sessions.reset_refused` */
export async function playerOfTicket(reader: Reader, secret: string, now: Date): Promise<string> {
  const [row] = await reader<Array<{ player: string }>>`
    select player from sessions.resets
    where ticket = ${digestOf(secret)} and expires_at > ${now} and attempts < ${attemptsMax}`
  if (!row) throw resetRefused()
  return row.player
}

/**
 * Sets the password of who has the ticket and, where there is a second factor, showed one just now; who has none says what the licence asks
 * of them, since the mail alone is one piece of evidence [GLI-2.5.3b]. All sessions end, and the player hears of it. What was wrong is
 * counted, so it is answered and not thrown.
 *
 * @throws Refusal `sessions.reset_refused`, `sessions.reset_factor_required`, `sessions.reset_evidence_required`
 */
export async function reset(
  tx: Tx,
  command: KeyedCommand,
  given: {
    secret: string
    passwordHash: string
    standsAlone: boolean
    /** Shows one of the player's factors, if the caller was given any. */
    show: ((player: string) => Promise<factors.Use | { refusal: Refusal }>) | undefined
    /** What they say of themselves, if anything. */
    evidence?: players.Evidence | undefined
  },
): Promise<{ player: string } | { refusal: Refusal }> {
  const { secret, passwordHash, standsAlone, show, evidence } = given
  const player = await playerOfTicket(tx, secret, command.now)
  await tx`select from sessions.resets where ticket = ${digestOf(secret)} for update`
  const asked = await demanded(tx, player)
  if (asked.ways.length > 0 && !show) throw resetFactorRequired(asked.ways)
  if (asked.evidence.length > 0 && !evidence) throw resetEvidenceRequired(asked.evidence)
  const refusal =
    asked.ways.length > 0 && show
      ? refusalIn(await show(player))
      : await judgeEvidence(tx, command, { player, asked: asked.evidence, given: evidence ?? {} })
  if (refusal) {
    await tx`update sessions.resets set attempts = attempts + 1 where ticket = ${digestOf(secret)}`
    return { refusal }
  }
  const taken = await tx`delete from sessions.resets where ticket = ${digestOf(secret)}`
  if (taken.count === 0) throw resetRefused()
  const owner = { ...command, actor: { ...command.actor, id: player } }
  await changePassword(tx, owner, { player, passwordHash, standsAlone })
  return { player }
}

/** What has to be shown besides the code: a factor where there is one, else what the licence says. */
async function demanded(reader: Reader, player: string) {
  const ways = factors.waysOf(await factors.standing(reader, player))
  return { ways, evidence: ways.length > 0 ? [] : (await licences.rules(reader)).resetEvidence }
}

/** What somebody says of themselves can be guessed, so wrong tries are counted for the player, over all their tickets of a day. */
async function judgeEvidence(
  tx: Tx,
  command: KeyedCommand,
  input: { player: string; asked: readonly licences.PersonalFact[]; given: players.Evidence },
): Promise<Refusal | undefined> {
  const subject = subjectOf('player', `reset|${input.player}`)
  if ((await failuresOfDay(tx, subject, command.now)) >= evidenceFailuresPerDayMax) return resetEvidenceTooOften()
  if (await players.knows(tx, command.keys, input)) return undefined
  await countOne(tx, command, subject)
  await audit.record(tx, command, { action: 'sessions.reset_refused', subject: input.player })
  return resetEvidenceWrong()
}

function refusalIn(outcome: object | { refusal: Refusal }): Refusal | undefined {
  return 'refusal' in outcome ? outcome.refusal : undefined
}

/** How many codes that could still be given were made under this epoch of their key. */
export async function resetsUnder(reader: Reader, epoch: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from sessions.resets where epoch = ${epoch} and code_mac is not null and expires_at > now()`
  return row?.count ?? 0
}

/** Eight characters of 32: 40 bits, of which five attempts are allowed. */
function newCode(): string {
  return [...randomBytes(8)].map((byte) => letters[byte & 31]).join('')
}

/** As people type it: in small letters, in groups. */
function spelt(code: string): string {
  return code.toUpperCase().replaceAll(/[\s-]/g, '')
}

function macOf(command: KeyedCommand, epoch: string, account: Buffer, code: string): Promise<Buffer> {
  return command.keys.mac(epoch, Buffer.from(`reset|${account.toString('hex')}|${code}`))
}
