import * as audit from '#audit'
import { newId, type Tx } from '#base'
import { type KeyedCommand, normaliseEmail, seal } from '#keys'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as messages from '#messages'
import { mayConfirm, sendConfirmation } from './confirmation.ts'
import { takeAddress } from './email-index.ts'
import { birthDateInvalid, countryBlocked, currencyNotOffered, termsOutdated, underAge } from './errors.ts'
import { judgePassword } from './password.ts'
import { ageMin, ageOn, isBirthDate } from './policy.ts'

export type Address = { street: string; city: string; postalCode: string }

export type Registration = {
  email: string
  password: string
  name: string
  dateOfBirth: string // yyyy-mm-dd
  address: Address
  country: string // ISO 3166-1 alpha-2
  currency: string
  language: messages.Language
  termsVersion: string
  privacyVersion: string
}

const sameNewsMinutes = 60

/**
 * Registers a player, or, for an address that is known, does the same as far as anybody can see: an owner who confirmed it gets a mail
 * saying so; a registration that nobody confirmed is replaced, or whoever came first would keep its owner out, or in an account of
 * theirs. Answers whose password is to be set now; undefined when it is nobody's.
 *
 * @throws Refusal `players.under_age` [GLI-2.5.2a-i], `players.country_blocked`, `players.terms_outdated`
 * [GLI-2.5.2a-iii], `players.currency_not_offered`, and of the password as `judgePassword`
 */
export async function register(tx: Tx, command: KeyedCommand, input: Registration): Promise<string | undefined> {
  const email = normaliseEmail(input.email)
  await mayRegister(tx, command, input, email)
  const player = newId('plr', command.now.getTime())
  const owner = await takeAddress(tx, command, { player, email })
  if (owner) return registerAgain(tx, command, owner, input)
  const place = { player, table: 'players.players', row: player }
  const sealedEmail = await seal(tx, command, { ...place, purpose: 'contact', column: 'email', plaintext: email })
  const sealedProfile = await sealProfile(tx, command, player, input)
  await tx`
    insert into players.players
      (player, status, country, currency, language, email, profile, terms_version, privacy_version, terms_accepted_at, registered_at)
    values (${player}, 'pending_email', ${input.country}, ${input.currency}, ${input.language}, ${sealedEmail}, ${sealedProfile},
      ${input.termsVersion}, ${input.privacyVersion}, ${command.now}, ${command.now})`
  await sendConfirmation(tx, command, player)
  await recordOwn(tx, command, 'players.registered', player)
  return player
}

/**
 * Everything of a registration that nobody confirmed gives way to the new one, its code too. Not when no more mails may go out today:
 * without a new code that would only take the one away which is on its way.
 */
async function registerAgain(
  tx: Tx,
  command: KeyedCommand,
  player: string,
  input: Registration,
): Promise<string | undefined> {
  const [pending] = await tx`
    select from players.players where player = ${player} and status = 'pending_email' for update`
  if (pending && (await mayConfirm(tx, command, { player, email: input.email }))) {
    // Wallets were opened at registration once, and one that was stays the player's.
    const currency = (await ledger.walletOf(tx, player))?.currency ?? input.currency
    await tx`
      update players.players set country = ${input.country}, currency = ${currency}, language = ${input.language},
        profile = ${await sealProfile(tx, command, player, input)}, terms_version = ${input.termsVersion},
        privacy_version = ${input.privacyVersion}, terms_accepted_at = ${command.now}, registered_at = ${command.now}
      where player = ${player}`
    await sendConfirmation(tx, command, player)
    await recordOwn(tx, command, 'players.registration_replaced', player)
    return player
  }
  if (!pending)
    await messages.tell(tx, command, {
      to: player,
      template: 'already_registered',
      values: {},
      quietMinutes: sameNewsMinutes,
    })
  await audit.record(tx, command, { action: 'players.registration_repeated', subject: player })
  return undefined
}

function sealProfile(
  tx: Tx,
  command: KeyedCommand,
  player: string,
  { name, dateOfBirth, address }: Registration,
): Promise<Buffer> {
  const place = { player, purpose: 'identity' as const, table: 'players.players', column: 'profile', row: player }
  return seal(tx, command, { ...place, plaintext: JSON.stringify({ name, dateOfBirth, address }) })
}

function recordOwn(tx: Tx, command: KeyedCommand, action: audit.Code, player: string) {
  return audit.record(tx, { ...command, actor: { ...command.actor, id: player } }, { action, subject: player })
}

async function mayRegister(tx: Tx, command: KeyedCommand, input: Registration, email: string): Promise<void> {
  const rules = await licences.rules(tx)
  if (rules.countriesBlocked.includes(input.country)) throw countryBlocked()
  if (!isBirthDate(input.dateOfBirth, command.now)) throw birthDateInvalid()
  const min = ageMin(rules, input.country)
  if (ageOn(input.dateOfBirth, command.now) < min) throw underAge(min)
  if (!rules.currencies.includes(input.currency)) throw currencyNotOffered()
  if (input.termsVersion !== rules.termsVersion || input.privacyVersion !== rules.privacyVersion) throw termsOutdated()
  const { password, name } = input
  await judgePassword(tx, { password, about: { email, name }, secondFactor: false })
}
