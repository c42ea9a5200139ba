import type { Rules } from '#licences'
import type { Profile } from './player.ts'

/** Full years between a birth date and a day, in UTC; somebody born on 29 February comes of age on 1 March. */
export function ageOn(dateOfBirth: string, day: Date): number {
  const [year, month, date] = dateOfBirth.split('-').map(Number) as [number, number, number]
  const before = day.getUTCMonth() + 1 < month || (day.getUTCMonth() + 1 === month && day.getUTCDate() < date)
  return day.getUTCFullYear() - year - (before ? 1 : 0)
}

/** A day that exists, not in the future, not more than 120 years ago. */
export function isBirthDate(text: string, now: Date): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(date.getTime()) &&
    date.toISOString().startsWith(text) &&
    ageOn(text, now) >= 0 &&
    ageOn(text, now) <= 120
  )
}

export function ageMin(rules: Rules, country: string): number {
  return rules.ageMinByCountry[country] ?? rules.ageMin
}

/** How many accounts are opened in an hour and in a day. A network may be that of a whole mobile operator. */
export const registrationLimits = {
  network: { perHourMax: 200, perDayMax: 1000 },
  /** Of one e-mail address, from one network: fewer than the codes that are sent to it in a day. */
  address: { perHourMax: 5, perDayMax: 6 },
  /** Another code to it, asked for from one network. */
  code: { perHourMax: 5, perDayMax: 5 },
} as const
export type RegistrationLimit = keyof typeof registrationLimits

/**
 * How many codes of confirmation are sent to an address in a day, which need not be that of who asks; each may be tried five times. The rest is
 * for networks that have asked for few yet: strangers in a handful of networks leave its owner some.
 */
export const confirmationsPerDayMax = { anybody: 20, newNetwork: 40 }
/** How often a network may have asked for an address and still be new to it. */
export const newNetworkAsksMax = 2

/** What of a player's data is asked for, permitted and shown together. */
export const fields = ['contact', 'identity', 'address'] as const
export type Field = (typeof fields)[number]

/** Everything masked but these fields: enough to recognise somebody, not to know them. */
export function masked(full: Profile, shown: readonly Field[]): Profile {
  const identity = { name: full.name, dateOfBirth: full.dateOfBirth }
  return {
    email: shown.includes('contact') ? full.email : maskEmail(full.email),
    ...(shown.includes('identity')
      ? identity
      : { name: maskName(full.name), dateOfBirth: `${full.dateOfBirth.slice(0, 4)}-••-••` }),
    address: shown.includes('address') ? full.address : { street: '•••', city: full.address.city, postalCode: '•••' },
  }
}

/** `a•••@example.com`: not to write to. */
function maskEmail(email: string): string {
  return `${email[0]}•••${email.slice(email.lastIndexOf('@'))}`
}

function maskName(name: string): string {
  return name
    .split(/\s+/)
    .map((part) => `${part[0] ?? ''}•••`)
    .join(' ')
}
