// Money in
export { type Deposit, deposit, depositOf, deposits, paymentOpened, releaseDeposit } from './deposit.ts'
// The "no"s the host says for the room
export { eventMalformed, eventNotAuthentic, gatewayAway, gatewayUnknown } from './errors.ts'
// What gateways tell us
export { apply, confirm, leftOver, type Outcome, receive } from './gateway-event.ts'
// What may be paid out to
export { type Instrument, inspectInstruments, instruments } from './instrument.ts'
// Money out
export { pay, payoutAccepted, payoutNotSent, payoutUnknown, resend, unanswered } from './payout.ts'
// The states, and what we ask of a gateway
export type { DepositState, WithdrawalState } from './policy.ts'
export type { Gateway, GatewayEvent, PayoutAnswer } from './ports.ts'
// What waits, for whom watches
export { type Waits, waiting } from './waiting.ts'
export {
  approve,
  isNewPayoutTo,
  reject,
  takesTwo,
  type Withdrawal,
  withdraw,
  withdrawalOf,
  withdrawals,
} from './withdrawal.ts'
