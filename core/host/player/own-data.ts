import { type Currency, type Reader, showMoney } from '#base'
import * as cashier from '#cashier'
import * as factors from '#factors'
import * as games from '#games'
import type { Keys } from '#keys'
import * as ledger from '#ledger'
import * as messages from '#messages'
import * as players from '#players'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { showDeposit, showWithdrawal } from '../cashier-shapes.ts'
import type { FaceSession } from '../face.ts'
import { showStatement } from '../ledger-shapes.ts'

const pageSize = 200

type Page = { before?: string; limit: number }

/**
 * Everything kept of a player that is about them, in one document of JSON, a piece at a time: who they are, what they sign in with and from
 * where, their limits, money, rounds, and what they were told. Secrets are not in it: seeds, hashes, the number of a card.
 */
export async function* ownData(
  reader: Reader,
  keys: Keys,
  { playerId: player, wallet, currency, signIn }: FaceSession,
  now: Date,
): AsyncGenerator<string, void, void> {
  const money = (amount: bigint | null) =>
    amount === null ? null : showMoney({ amount, currency: currency as Currency })
  const standing = await factors.standing(reader, player)
  const limits = await protection.limits(reader, player, now)
  const whole = {
    format: 'countroom-player-data/1',
    madeAt: now,
    player: await players.findPlayer(reader, player),
    profile: await players.profile(reader, keys, player),
    language: await players.languageOf(reader, player),
    agreements: await players.agreements(reader, player),
    erasureAskedAt: (await players.erasureAskedAt(reader, player)) ?? null,
    password: await sessions.hasPassword(reader, player),
    factors: await factors.list(reader, keys, player),
    recoveryCodesLeft: standing.recoveryCodes,
    devices: await sessions.devices(reader, keys, { player, signIn, now }),
    limits: limits.map(({ period, amount, imposed, used }) => ({
      period,
      amount: money(amount),
      imposed: money(imposed),
      used: money(used),
    })),
    bar: (await protection.barOf(reader, wallet, now)) ?? null,
    instruments: await cashier.instruments(reader, keys, player),
    messages: await messages.toldTo(reader, player),
  }
  yield `${JSON.stringify(whole).slice(0, -1)}`
  yield* list('deposits', (page) => cashier.deposits(reader, { player, ...page }), showDeposit)
  yield* list('withdrawals', (page) => cashier.withdrawals(reader, { player, ...page }), showWithdrawal)
  yield* list(
    'rounds',
    (page) => games.history(reader, wallet, page),
    ({ round, ...rest }) => ({ id: round, ...rest }),
  )
  yield* statement(reader, wallet)
  yield '}\n'
}

/** A member that is read page by page, so that years of it need no memory. */
async function* list<T, S extends { id: string }>(
  name: string,
  read: (page: Page) => Promise<T[]>,
  show: (item: T) => S,
): AsyncGenerator<string, void, void> {
  let before: string | undefined
  yield `,${JSON.stringify(name)}:[`
  for (;;) {
    const page = (await read({ limit: pageSize, ...(before === undefined ? {} : { before }) })).map(show)
    if (page.length > 0) yield `${before === undefined ? '' : ','}${page.map((item) => JSON.stringify(item)).join(',')}`
    if (page.length < pageSize) break
    before = page.at(-1)!.id
  }
  yield ']'
}

async function* statement(reader: Reader, wallet: bigint): AsyncGenerator<string, void, void> {
  let before: bigint | null | undefined
  yield ',"statement":['
  while (before !== null) {
    const page: ledger.StatementPage = await ledger.statement(reader, wallet, {
      limit: pageSize,
      ...(before === undefined ? {} : { before }),
    })
    const { lines } = showStatement(page)
    if (lines.length > 0)
      yield `${before === undefined ? '' : ','}${lines.map((line) => JSON.stringify(line)).join(',')}`
    before = page.before
  }
  yield ']'
}
