/** What may be asked of the ledger in the test, with small numbers of wallets, keys and holds, so that acts collide. */
export type Act =
  | { kind: 'bet'; who: number; key: string; stake: bigint; win: bigint }
  | { kind: 'deposit'; who: number; key: string; amount: bigint }
  | { kind: 'reverse'; who: number; key: string }
  | { kind: 'hold'; who: number; name: string; amount: bigint }
  | { kind: 'capture' | 'release'; who: number; name: string; key: string; amount: bigint }
  | { kind: 'expire' }

export type Outcome =
  | 'posted'
  | 'replayed'
  | 'key_reused'
  | 'reversed_before'
  | 'insufficient_funds'
  | 'amount_invalid'
  | 'hold_unknown'
  | 'hold_exhausted'
  | 'reversed'
  | 'reversed, again'
  | 'tombstone'
  | 'tombstone, again'
  | 'done'

type Move = { from: 'cash' | 'held' | 'house'; to: 'cash' | 'held' | 'house'; amount: bigint }
type Wallet = {
  cash: bigint
  held: bigint
  version: bigint
  /** Key to what was booked under it; undefined is a tombstone. */
  booked: Map<string, Move[] | undefined>
  holds: Map<string, { left: bigint }>
}

const amountMax = 10n ** 18n

/** The ledger as one would explain it: no batches, no SQL, one act after the other. */
export function createModel(count: number) {
  const wallets = Array.from(
    { length: count },
    (): Wallet => ({ cash: 0n, held: 0n, version: 0n, booked: new Map(), holds: new Map() }),
  )
  return {
    balance: (who: number) => {
      const { cash, held, version } = wallets[who]!
      return { cash, held, version }
    },
    perform(act: Act): Outcome {
      if (act.kind === 'expire') {
        for (const wallet of wallets)
          for (const [name, hold] of wallet.holds)
            if (hold.left > 0n) {
              book(wallet, `expire:${name}`, [{ from: 'held', to: 'cash', amount: hold.left }])
              hold.left = 0n
            }
        return 'done'
      }
      const wallet = wallets[act.who]!
      switch (act.kind) {
        case 'bet':
          return book(wallet, act.key, [
            { from: 'cash', to: 'house', amount: act.stake },
            ...(act.win > 0n ? [{ from: 'house', to: 'cash', amount: act.win } as Move] : []),
          ])
        case 'deposit':
          return book(wallet, act.key, [{ from: 'house', to: 'cash', amount: act.amount }])
        case 'reverse':
          return reverse(wallet, act.key)
        case 'hold':
          return hold(wallet, act.name, act.amount)
        default:
          return take(wallet, act)
      }
    },
  }
}

function book(wallet: Wallet, key: string, moves: Move[], debt = false): Outcome {
  if (wallet.booked.has(key)) {
    const before = wallet.booked.get(key)
    if (before === undefined) return 'reversed_before'
    return show(before) === show(moves) ? 'replayed' : 'key_reused'
  }
  const after = { cash: wallet.cash, held: wallet.held }
  let short = false
  for (const { from, to, amount } of moves) {
    if (amount <= 0n || amount > amountMax) return 'amount_invalid'
    if (from !== 'house') {
      after[from] -= amount
      if (after[from] < 0n && !(debt && from === 'cash')) short = true
    }
    if (to !== 'house') after[to] += amount
    if (after.cash > amountMax || after.held > amountMax) return 'amount_invalid'
  }
  if (short) return 'insufficient_funds'
  Object.assign(wallet, after)
  wallet.version += BigInt(moves.length)
  wallet.booked.set(key, moves)
  return 'posted'
}

function reverse(wallet: Wallet, key: string): Outcome {
  if (!wallet.booked.has(key)) {
    wallet.booked.set(key, undefined)
    return 'tombstone'
  }
  const moves = wallet.booked.get(key)
  if (moves === undefined) return 'tombstone, again'
  const back = moves.toReversed().map(({ from, to, amount }): Move => ({ from: to, to: from, amount }))
  const outcome = book(wallet, `reverse:${key}`, back, true)
  return outcome === 'posted' ? 'reversed' : outcome === 'replayed' ? 'reversed, again' : outcome
}

function hold(wallet: Wallet, name: string, amount: bigint): Outcome {
  const outcome = book(wallet, `hold:${name}`, [{ from: 'cash', to: 'held', amount }])
  if (outcome === 'posted') wallet.holds.set(name, { left: amount })
  return outcome
}

function take(wallet: Wallet, act: Extract<Act, { kind: 'capture' | 'release' }>): Outcome {
  const held = wallet.holds.get(act.name)
  if (!held) return 'hold_unknown'
  const key = `${act.kind}:${act.name}:${act.key}`
  const moves: Move[] = [{ from: 'held', to: act.kind === 'capture' ? 'house' : 'cash', amount: act.amount }]
  const known = wallet.booked.has(key)
  if (!known && act.amount > 0n && act.amount <= amountMax && act.amount > held.left) return 'hold_exhausted'
  const outcome = book(wallet, key, moves)
  if (outcome === 'posted') held.left -= act.amount
  return outcome
}

function show(moves: readonly Move[]): string {
  return moves.map(({ from, to, amount }) => `${from}>${to}:${amount}`).join()
}
