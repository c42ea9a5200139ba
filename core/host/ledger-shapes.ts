import { z } from '@hono/zod-openapi'
import { type Currency, showMoney } from '#base'
import * as ledger from '#ledger'
import { wireMoney } from './face.ts'

/** How the books look on the wire, to players and staff alike. */
const time = z.iso.datetime()

/** An instant as it is asked for, in any zone; years that both a browser and PostgreSQL can spell. */
export const instant = z.iso
  .datetime({ offset: true })
  .regex(/^(19[7-9]\d|2\d{3})-/)
  .openapi({ example: '2026-01-31T23:00:00Z' })

/** Which lines of a statement; all that is given must hold. */
export const filterQuery = z.strictObject({
  from: instant.optional().openapi({ description: 'Lines of this instant and later.' }),
  until: instant.optional().openapi({ description: 'Lines before this instant.' }),
  kinds: z
    .string()
    .regex(/^[a-z_.]{1,40}(,[a-z_.]{1,40}){0,19}$/)
    .optional()
    .openapi({ description: 'Kinds, with commas between.', example: 'deposit,withdrawal.paid' }),
  account: z
    .enum([...ledger.pockets, ...ledger.houseAccounts])
    .optional()
    .openapi({ description: 'A pocket or an account of the house the line touches.' }),
  reference: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional()
    .openapi({ description: 'What the line was for: the id of a deposit, a withdrawal.' }),
})

export function filterOf({
  from,
  until,
  kinds,
  account,
  reference,
}: z.infer<typeof filterQuery>): ledger.StatementFilter {
  return {
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(kinds === undefined ? {} : { kinds: kinds.split(',') }),
    ...(account === undefined ? {} : { account }),
    ...(reference === undefined ? {} : { reference }),
  }
}

const pockets = { cash: wireMoney, bonus: wireMoney, held: wireMoney }

export const statementLineSchema = z
  .strictObject({
    version: z.string(),
    transfer: z.string(),
    kind: z.string(),
    reference: z.string().nullable(),
    source: z.string(),
    target: z.string(),
    amount: wireMoney,
    ...pockets,
    at: time,
  })
  .openapi('StatementLine')

export const statementSchema = z
  .strictObject({
    lines: z.array(statementLineSchema),
    before: z.string().nullable().openapi({
      description:
        'The cursor of the next page; null when this was the last. A page may be short, or empty, and not be the last.',
    }),
    opening: z
      .strictObject({ ...pockets, at: time })
      .nullable()
      .openapi({
        description: 'With the last page, when older lines are archived: the balance carried forward from them.',
      }),
  })
  .openapi('Statement')

export const balanceSchema = z.strictObject({ ...pockets, at: time }).openapi('BalanceAt')

/** A CSV file as an answer. */
export const csvAnswer = (description: string) => ({
  description,
  content: { 'text/csv': { schema: z.string() } },
})

export function showStatement({ lines, before, opening, currency }: ledger.StatementPage) {
  return {
    lines: lines.map((line) => showLine(line, currency)),
    before: before?.toString() ?? null,
    opening: opening && showBalance({ ...opening, currency }, opening.at),
  }
}

export function showBalance(
  { currency, cash, bonus, held }: { currency: Currency; cash: bigint; bonus: bigint; held: bigint },
  at: Date,
): z.infer<typeof balanceSchema> {
  const show = (amount: bigint) => showMoney({ amount, currency })
  return { cash: show(cash), bonus: show(bonus), held: show(held), at: at.toISOString() }
}

function showLine(line: ledger.StatementLine, currency: Currency): z.infer<typeof statementLineSchema> {
  const { version, transfer, kind, reference, source, target, amount, at } = line
  return {
    version: version.toString(),
    transfer: transfer.toString(),
    kind,
    reference,
    source,
    target,
    amount: showMoney({ amount, currency }),
    ...showBalance({ ...line, currency }, at),
  }
}

export const liabilitySchema = z
  .strictObject({
    cash: wireMoney,
    bonus: wireMoney,
    held: wireMoney,
    owed: wireMoney.openapi({ description: 'Cash, bonus and held together.' }),
    debts: wireMoney.openapi({ description: 'What players owe; not set off.' }),
    wallets: z.string(),
  })
  .openapi('Liability')
export const houseBalanceSchema = z.strictObject({ account: z.string(), balance: wireMoney }).openapi('HouseBalance')

export function showLiability({ currency, wallets, ...sums }: ledger.Liability): z.infer<typeof liabilitySchema> {
  const show = (amount: bigint) => showMoney({ amount, currency })
  return {
    cash: show(sums.cash),
    bonus: show(sums.bonus),
    held: show(sums.held),
    owed: show(sums.owed),
    debts: show(sums.debts),
    wallets: wallets.toString(),
  }
}

export function showHouseBalance({
  account,
  currency,
  balance,
}: ledger.HouseBalance): z.infer<typeof houseBalanceSchema> {
  return { account, balance: showMoney({ amount: balance, currency }) }
}
