// The one expected "no"
export { Refusal, type RefusalKind } from './refusal.ts'
// Money: minor units inside, decimal strings on the wire
export { amountMax, currencies, isCurrency, money, readMoney, readPositiveMoney, showMoney } from './money.ts'
export type { Currency, Money, WireMoney } from './money.ts'
// Ids that say what they are
export { isId, newId } from './ids.ts'
// Who may read, who may write, who acts and when
export { systemCommand } from './command.ts'
export type { Actor, Command, PgTypes, Reader, Tx } from './command.ts'
// News travels up, work is done later, a key does its work once
export { emit, hear, type Event } from './events.ts'
export { enqueue, provideQueue, type Job } from './jobs.ts'
export { canonical, once, type Claim, type StoredAnswer } from './idempotency.ts'
