import type { Place } from './ports.ts'

/** Why a right password alone is not enough. */
export type Concern = 'new_device' | 'impossible_travel' | 'listed_network' | 'many_failures'

export type Circumstances = {
  now: Date
  place: Place | undefined
  /** The sign-in before this one, where it was told from where. */
  before: { at: Date; place: Place } | undefined
  /** The first device of an account has none to be compared with. */
  device: 'known' | 'new' | 'first'
  listed: boolean
  /** Wrong attempts on this account in the last day. */
  failures: number
}

const kilometresPerHourMax = 900 // an airliner
const kilometresIgnored = 100 // what two tables of networks differ by
const failuresMany = 10
const earthRadiusKilometres = 6371

export function concernsOf(sign: Circumstances): Concern[] {
  const found: Concern[] = []
  if (sign.device === 'new') found.push('new_device')
  if (isImpossible(sign)) found.push('impossible_travel')
  if (sign.listed) found.push('listed_network')
  if (sign.failures >= failuresMany) found.push('many_failures')
  return found
}

/** Faster than an airliner since the sign-in before. Unknown places say nothing. */
function isImpossible({ now, place, before }: Circumstances): boolean {
  if (!place || !before) return false
  const kilometres = kilometresBetween(place, before.place)
  const hours = Math.abs(now.getTime() - before.at.getTime()) / 3_600_000
  return kilometres > kilometresIgnored && kilometres > hours * kilometresPerHourMax
}

/** Along the great circle, by the haversine formula; within half a percent on an earth that is not quite a ball. */
export function kilometresBetween(one: Place, other: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const half = (degrees: number) => Math.sin(radians(degrees) / 2) ** 2
  const h =
    half(other.latitude - one.latitude) +
    Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * half(other.longitude - one.longitude)
  return 2 * earthRadiusKilometres * Math.asin(Math.min(1, Math.sqrt(h)))
}
