import { type Money, Refusal, showMoney } from '#base'

export function currencyForeign(currency: string): Refusal {
  return new Refusal('invalid', 'cashier.currency_foreign', `Your account is kept in ${currency}.`)
}

export function outOfBounds(min: Money, max?: Money): Refusal {
  return new Refusal('refused', 'cashier.amount_out_of_bounds', 'The amount is outside what the licence permits.', {
    min: showMoney(min),
    ...(max ? { max: showMoney(max) } : {}),
  })
}

export function accountNotActive(): Refusal {
  return new Refusal('refused', 'cashier.account_not_active', 'Your account must be active before you can deposit.')
}

export function depositUnknown(): Refusal {
  return new Refusal('absent', 'cashier.deposit_unknown', 'There is no such deposit.')
}

export function withdrawalUnknown(): Refusal {
  return new Refusal('absent', 'cashier.withdrawal_unknown', 'There is no such withdrawal.')
}

export function instrumentUnknown(): Refusal {
  return new Refusal('absent', 'cashier.instrument_unknown', 'There is no such card among those you have paid with.')
}

export function gatewayUnknown(): Refusal {
  return new Refusal('absent', 'cashier.gateway_unknown', 'There is no such gateway.')
}

export function gatewayAway(cause?: unknown): Refusal {
  return new Refusal(
    'unavailable',
    'cashier.gateway_away',
    'The payment gateway does not answer. Nothing was charged; ask again with the same key.',
    undefined,
    cause,
  )
}

/** The event's signature is missing, wrong or too old; which of them is not the sender's to know. */
export function eventNotAuthentic(): Refusal {
  return new Refusal('unauthenticated', 'cashier.event_not_authentic', 'The event is not signed by this gateway.')
}

export function eventMalformed(): Refusal {
  return new Refusal('invalid', 'cashier.event_malformed', 'The event has no id, type and reference that can be read.')
}

/** A step that the present state does not lead to. */
export function stateForbids(state: string): Refusal {
  return new Refusal('conflict', 'cashier.state_forbids', `This is not possible any more: it is ${state}.`, { state })
}

export function payoutTakesTwo(): Refusal {
  return new Refusal('refused', 'cashier.takes_two', 'A payout of this size takes two: one asks, another approves.')
}
