import { Refusal } from './refusal.ts'

/** Currencies this house can keep books in, with the exponent of their minor unit (ISO 4217; customary for coins). */
export const currencies = { EUR: 2, GBP: 2, USD: 2, SEK: 2, JPY: 0, KWD: 3, BTC: 8, USDT: 6 } as const

export type Currency = keyof typeof currencies

/** An amount in minor units of its currency; never a float. */
export type Money = { readonly amount: bigint; readonly currency: Currency }

/** Money as it travels: a decimal string and a currency. */
export type WireMoney = { amount: string; currency: string }

/** No single amount or balance goes beyond 10^18 minor units, so sums stay far inside a 64-bit column. */
export const amountMax = 10n ** 18n

export function money(amount: bigint, currency: Currency): Money {
  return { amount, currency }
}

export function isCurrency(code: string): code is Currency {
  return Object.hasOwn(currencies, code)
}

/**
 * Reads money off the wire, exactly.
 *
 * @throws Refusal `base.currency_unknown`, `base.amount_malformed`, `base.amount_overprecise`, `base.amount_too_large`
 */
export function readMoney(wire: WireMoney): Money {
  if (!isCurrency(wire.currency))
    throw new Refusal('invalid', 'base.currency_unknown', 'This currency is not known here.')
  const match = /^(-?)(0|[1-9]\d{0,20})(?:\.(\d{1,20}))?$/.exec(wire.amount)
  if (!match) throw new Refusal('invalid', 'base.amount_malformed', 'An amount is a decimal number such as "12.34".')
  const [, sign, whole, fraction = ''] = match
  const exponent = currencies[wire.currency]
  if (fraction.length > exponent)
    throw new Refusal('invalid', 'base.amount_overprecise', `${wire.currency} has ${exponent} decimal places.`)
  const minor = BigInt(whole + fraction.padEnd(exponent, '0'))
  if (minor > amountMax)
    throw new Refusal('invalid', 'base.amount_too_large', 'The amount is beyond what one account holds.')
  return money(sign ? -minor : minor, wire.currency)
}

/** As `readMoney`, and above zero. @throws also Refusal `base.amount_not_positive` */
export function readPositiveMoney(wire: WireMoney): Money {
  const value = readMoney(wire)
  if (value.amount <= 0n) throw new Refusal('invalid', 'base.amount_not_positive', 'The amount must be above zero.')
  return value
}

export function showMoney({ amount, currency }: Money): WireMoney {
  const exponent = currencies[currency]
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, '0')
  const sign = amount < 0n ? '-' : ''
  const split = digits.length - exponent
  return { amount: sign + digits.slice(0, split) + (exponent ? `.${digits.slice(split)}` : ''), currency }
}
