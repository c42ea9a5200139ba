export type Kind = 'passkey' | 'totp' | 'sms'

/** What somebody could prove themselves with now: how many of each, codes not yet used. */
export type Standing = { passkeys: number; totp: number; sms: number; recoveryCodes: number }

export const factorsMax = 20
export const labelLengthMax = 60
export const challengeSecondsMax = 300
export const offerSecondsMax = 15 * 60

/** Wrong codes of one holder: so many in a quarter of an hour, and so many in a day. */
export const failuresMax = 5
export const failureSecondsWindow = 15 * 60
export const failuresPerDayMax = 20
export const daySeconds = 24 * 3600

/** RFC 6238: a code is good for its step of 30 seconds. */
export const stepSeconds = 30
/** How many steps besides the present one are taken, on either side: none, so that a code lives for 30 seconds [S13]. */
export const windowDefault = 0
export const windowMax = 2

export const recoveryCodesMade = 10

export const smsCodeSecondsMax = 300
export const smsAttemptsMax = 3
export const smsPauseSeconds = 30
/** How many codes go out by SMS in an hour and in a day. A network may be that of a whole mobile operator. */
export const smsLimits = {
  /** Who asks for themselves. */
  holder: { perHourMax: 5, perDayMax: 10 },
  /** To a holder, where it is not known who asks: counted apart, so that nobody uses up what is the holder's. */
  stranger: { perHourMax: 3, perDayMax: 6 },
  /** All of both. */
  number: { perHourMax: 8, perDayMax: 16 },
  block: { perHourMax: 20, perDayMax: 50 },
  network: { perHourMax: 60, perDayMax: 200 },
} as const
export type SmsLimit = keyof typeof smsLimits

/** What somebody can show besides a password, by name. */
export type Way = Kind | 'recovery'

/**
 * One rule for everybody who asks: recovery codes stand in for what is lost, wherever it would have been taken. They are used up,
 * so they are no factor of their own: nobody is asked for them alone where something else would do, and no password leans on them.
 */
export function waysOf({ passkeys, totp, sms, recoveryCodes }: Standing): Way[] {
  const counts: Array<[Way, number]> = [
    ['passkey', passkeys],
    ['totp', totp],
    ['sms', sms],
    ['recovery', recoveryCodes],
  ]
  return counts.filter(([, count]) => count > 0).map(([way]) => way)
}

/** Whether it is a second factor, which its holder enrolled and keeps. */
export function isLasting(way: Way): boolean {
  return way !== 'recovery'
}

/**
 * Whether what is left lets its holder in, and lets them in again when they lose one piece of it. Staff cannot do without a
 * passkey [S06]; who has lost all of theirs is enrolled anew by colleagues. A player with a password keeps a second factor or recovery
 * codes; one without keeps two passkeys, or one and recovery codes.
 */
export function isEnough(left: Standing, holder: { staff: boolean; password: boolean }): boolean {
  if (holder.staff) return left.passkeys > 0
  if (!holder.password) return mayDropPassword(left)
  return waysOf(left).length > 0
}

/** Whether somebody gets in, and in again after a loss, with no password at all: only a passkey is a whole sign-in. */
export function mayDropPassword(left: Standing): boolean {
  return left.passkeys > 1 || (left.passkeys === 1 && left.recoveryCodes > 0)
}

export function without(standing: Standing, kind: Kind): Standing {
  const name = kind === 'passkey' ? 'passkeys' : kind
  return { ...standing, [name]: Math.max(0, standing[name] - 1) }
}

/** Enough to recognise one's own number by. */
export function maskPhone(phone: string): string {
  return `${phone.slice(0, 3)} ••• ${phone.slice(-2)}`
}
