import { Refusal } from '#base'

export const receiptUnknown = () =>
  new Refusal('absent', 'messages.receipt_unknown', 'There is no such message here, or not yet.')
export const receiptMalformed = () =>
  new Refusal('invalid', 'messages.receipt_malformed', 'This is no receipt that can be read.')
export const receiptNotAuthentic = () =>
  new Refusal('unauthenticated', 'messages.receipt_not_authentic', 'The receipt is not signed by this carrier.')
export const carrierUnknown = () => new Refusal('absent', 'messages.carrier_unknown', 'There is no such carrier.')
