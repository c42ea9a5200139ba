// Wallets: a player's account in one currency, with pockets cash, bonus, held

// Taking back, and correcting what two people approved
export { type Adjustment, adjust } from './adjustment.ts'
// Months of postings, and keys that grow old
export {
  attachedMonths,
  detachMonth,
  expireKeys,
  keyDaysMin,
  makePartitions,
  monthsPast,
  refreshStatistics,
} from './archive.ts'
// Many transfers in one statement, and what it says of each
export { type PostResult, postBatch } from './batch.ts'
// Batches in the order they were booked, for whoever seals them
export { archivedBatches, type Batch, batchesAfter, batchesNamed, batchOf, summarise } from './batches.ts'
// Whether the books still hold what was seen in them, and standing still where they do not
export {
  type Break,
  compareHeads,
  freeze,
  freezes,
  type Head,
  isFrozen,
  lift,
  type Receipt,
  refuseWhileFrozen,
} from './continuity.ts'
// Proving the books
export { beginning } from './contradictions/horizon.ts'
export { moneyFrozen, refusalOf } from './errors.ts'
// Files of what was booked, read in pieces
export { type StatementExtract, statementCsv, statementExtract } from './extract.ts'
// Money set aside
export { capture, expireHolds, giveBack, hold, release, settle } from './hold.ts'
// The house's side
export {
  type HouseBalance,
  type HouseExtract,
  type HouseFilter,
  houseBalances,
  houseCsv,
  houseExtract,
} from './house.ts'
// Lanes: who may book batches
export { isLeaseLost, type Lease, leaseLane, leaseSecondsMax, renewLease, returnLease } from './lease.ts'
export { type Check, type KeptProof, keepProof, lastProof, type Proof, prove, unprovenSince } from './proof.ts'
export { type Reversal, type Reversed, reverse, type Shortfall } from './reversal.ts'
// Reading the books
export {
  balanceAt,
  legsOf,
  type Moved,
  netSince,
  type Opening,
  type StatementFilter,
  type StatementLine,
  type StatementPage,
  statement,
} from './statement.ts'
// Moving money, once per key
export {
  type Account,
  type Booked,
  type HouseAccount,
  houseAccounts,
  type Leg,
  type Pocket,
  payloadHash,
  pockets,
  type Transfer,
  transfer,
} from './transfer.ts'
export {
  type Balance,
  balance,
  type Liability,
  liability,
  lockWallet,
  openWallet,
  ownerOf,
  type Wallet,
  walletOf,
} from './wallet.ts'
