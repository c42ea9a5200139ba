// The one expected "no"

// Parallel arrays for batch functions
export { numberArray, textArray } from './array.ts'
export type { Actor, Command, PgTypes, Reader, Tx } from './command.ts'
// Who may read, who may write, who acts and when
export { systemCommand } from './command.ts'
// Lines of a file for spreadsheets
export { type CsvCell, csvLine } from './csv.ts'
// News travels up, work is done later, a key does its work once
export { type Event, emit, hear } from './events.ts'
export { type Claim, canonical, once, type StoredAnswer } from './idempotency.ts'
// Ids that say what they are
export { isId, isUuid, newId, newUuid, uuidFrom } from './ids.ts'
export { enqueue, type Job, provideQueue } from './jobs.ts'
// Many calls, one transaction
export { createLane, createLanes, type Lane, type LaneOptions } from './lanes.ts'
// Whether proofs of a log hold
export { emptyRoot, hashBytes, isConsistent, isIncluded, nodeHash } from './merkle.ts'
export type { Currency, Money, WireMoney } from './money.ts'
// Money: minor units inside, decimal strings on the wire
export { amountMax, currencies, isCurrency, money, readMoney, readPositiveMoney, showMoney } from './money.ts'
// Where an address is at home
export { networkOf, siteOf } from './network.ts'
export { Refusal, type RefusalKind } from './refusal.ts'
// What certificates and revocation lists say
export { listedSerials, pemParts, type RevocationList, readRevocationList, roleNamed, serialIn } from './x509.ts'
