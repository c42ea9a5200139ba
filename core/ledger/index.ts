// Wallets: a player's account in one currency, with pockets cash, bonus, held

export { type PostResult, postBatch } from './batch.ts'
export { refusalOf } from './errors.ts'
// Money set aside
export { capture, hold, release } from './hold.ts'
// Lanes: who may book batches, and what the batch path says of an item
export { isLeaseLost, type Lease, leaseLane, leaseSecondsMax, renewLease, returnLease } from './lease.ts'
// Proving the books
export { type Check, type Proof, prove } from './proof.ts'
// Reading the books
export { balanceAt, netSince, type StatementLine, statement } from './statement.ts'
// Moving money, once per key
export {
  type Account,
  type Booked,
  type HouseAccount,
  type Leg,
  type Pocket,
  payloadHash,
  type Transfer,
  transfer,
} from './transfer.ts'
export { type Balance, balance, lockWallet, openWallet, type Wallet, walletOf } from './wallet.ts'
