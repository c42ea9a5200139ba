import type { Reader } from '#base'
import type { Purpose } from '#keys'
import type { Language } from '#messages'

type ByCurrency<T> = Record<string, T>

/** An act for which who acts must be proven anew. */
export type SensitiveAct =
  | 'withdrawal'
  | 'payout_instrument'
  | 'email_change'
  | 'password_change'
  | 'personal_data_change'
  | 'limit_loosening'
  | 'export'
  | 'erasure'
  | 'factor_change'

/**
 * How fresh a proof an act needs, in seconds. Who has a second factor shows one; who has none shows all of `withoutFactor`.
 */
export type StepUpRule = { seconds: number; withoutFactor: Array<'password' | 'email'> }

/** Kinds of games that licences tell apart. */
export type GameKind = 'slot' | 'table' | 'instant'

/** What a player knows of themselves and told at registration. */
export type PersonalFact = 'dateOfBirth' | 'postalCode'

/** Everything a licence can change. Amounts are decimal strings per currency. */
export type Rules = {
  licence: string
  /** For whoever names no language that we write. */
  languageDefault: Language
  ageMin: number
  ageMinByCountry: Record<string, number>
  countriesBlocked: string[]
  currencies: string[]
  termsVersion: string
  privacyVersion: string
  deposit: ByCurrency<{ min: string; max: string }>
  withdrawalMin: ByCurrency<string>
  /** From which payout on two members of staff decide, by itself or with what a player was approved in 24 hours; `0` is every one. */
  payoutTwoFrom: ByCurrency<string>
  limitLoosenHours: number
  coolOffHoursMin: number
  coolOffHoursMax: number
  exclusionMonthsMin: number
  sessionIdleSecondsMax: number
  sessionSecondsMax: number
  passwordLengthMin: number
  /** Of who has a second factor. */
  passwordLengthMinWithFactor: number
  signInFailuresMax: number
  signInFailureMinutes: number
  stepUp: Record<SensitiveAct, StepUpRule>
  /** From the start of a game to the player's next start, by the kind of the first. */
  cycleMsMin: Record<GameKind, number>
  /** Kinds of games of which a player has one at a time: another may not begin while one waits for them. */
  oneAtATime: GameKind[]
  /** The most one round may stake: every bound that is for the player's age holds, and one without an amount in a currency lets nobody stake in it. */
  stakeMax: Record<GameKind, Array<{ amounts: ByCurrency<string>; ageBelow?: number }>>
  /** Whether a page may begin games by itself, one after the other. */
  autoplay: boolean
  /** So long a round waits for its player before it is completed by its rules. */
  roundHoursMax: number
  /** Who may play without money. `verified` lets nobody in while there is no room that verifies: fail closed. */
  freePlay: 'anybody' | 'signed_in' | 'verified'
  /** What who has no second factor says, besides the code of the mail, to set a new password [GLI-2.5.3b]. */
  resetEvidence: PersonalFact[]
  /** How long a registration waits to be confirmed, before all of it is forgotten. */
  registrationHoursMax: number
  /** From which amount on something is a significant event [GLI-2.8.8]; a currency without bounds has none. */
  significant: ByCurrency<{
    stake: string
    win: string
    stakesPerDay: string
    winsPerDay: string
    transaction: string
    transactionsPerDay: string
  }>
  /** Whole months an event of the audit log stays at hand; never fewer than twelve, whatever stands here. */
  auditMonthsKept: number
  /** For how many months after an account was closed each kind of personal data is kept, and why, in words for people. */
  retention: Record<Purpose, { months: number; why: string }>
}

/** The rules of the licence in force. @throws Error when none is: then nothing may be decided */
export async function rules(reader: Reader): Promise<Rules> {
  const [row] = await reader<Array<{ licence: string; rules: Omit<Rules, 'licence'> }>>`
    select licence, rules from licences.licences where in_force`
  if (!row) throw new Error('No licence is in force.')
  return { licence: row.licence, ...row.rules }
}
