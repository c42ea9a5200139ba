import { Refusal } from '#base'

/** One answer for a token that never was, has ended, or was used: whoever guesses learns nothing. */
export function tokenRefused(): Refusal {
  return new Refusal('unauthenticated', 'pki.token_refused', 'This enrolment token is not good, or not any more.')
}

export function requestUnfit(why: string): Refusal {
  return new Refusal('invalid', 'pki.request_unfit', `This certificate request cannot be taken: ${why}.`)
}

export function renewalRefused(): Refusal {
  return new Refusal(
    'unauthenticated',
    'pki.renewal_refused',
    'Only a component with a certificate that is good now can renew it. Enrol it again.',
  )
}

export function componentUnfit(why: string): Refusal {
  return new Refusal('invalid', 'pki.component_unfit', `This component cannot be enrolled: ${why}.`)
}

export function componentUnknown(): Refusal {
  return new Refusal('absent', 'pki.component_unknown', 'There is no such component or certificate.')
}

export function componentDisabled(component: string): Refusal {
  return new Refusal('conflict', 'pki.component_disabled', `${component} is not enrolled, or not any more.`)
}
