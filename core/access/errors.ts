import { Refusal } from '#base'

export const clientInvalid = (reason: string) =>
  new Refusal('invalid', 'access.client_invalid', `There cannot be such a client: ${reason}.`)
export const clientKnown = () =>
  new Refusal('conflict', 'access.client_known', 'There is or was a client of this name; choose another.')
export const clientUnknown = () => new Refusal('absent', 'access.client_unknown', 'There is no such client.')
export const tokenMissing = () =>
  new Refusal('unauthenticated', 'access.token_missing', 'This needs an access token, and the proof that it is yours.')
export const tokenRefused = (reason: string) =>
  new Refusal('unauthenticated', 'access.token_refused', `The access token is refused: ${reason}.`)
export const scopeMissing = (scope: string) =>
  new Refusal('forbidden', 'access.scope_missing', 'The access token is not for this.', { scope })
export const clientRefused = () =>
  new Refusal(
    'unauthenticated',
    'access.client_refused',
    'Who asked did not show who they are, or what they have is not theirs.',
  )
