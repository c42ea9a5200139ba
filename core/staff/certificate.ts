import type { Refusal } from '#base'
import { certificateForeign, certificateRequired } from './errors.ts'

/** What a browser showed before the sign-in: whose certificate, by login, if any; and whether nobody is served without. */
export type Shown = { person: string | undefined; required: boolean }

/**
 * A certificate opens the back office to its own person alone, and a sign-in that began with one goes on with nothing less: a
 * cookie that was stolen is worth nothing without the key.
 *
 * @throws Refusal `staff.certificate_foreign`, `staff.certificate_required`
 */
export function holdToCertificate({ name, certified }: { name: string; certified: boolean }, shown: Shown): void {
  const fault = faultOf(name, { ...shown, required: shown.required || certified })
  if (fault) throw fault
}

/** Why somebody of this name is not let in with what they show; undefined where they are. */
export function faultOf(name: string, { person, required }: Shown): Refusal | undefined {
  if (person === undefined) return required ? certificateRequired() : undefined
  return person === name ? undefined : certificateForeign(person)
}
