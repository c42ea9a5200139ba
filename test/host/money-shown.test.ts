import { expect, test } from 'vitest'
import { type Currency, currencies, showMoney } from '#base'
import { moneyOf, show, showSigned } from '../../core/host/web/browser/money.ts'

test('what is shown tells the currency: no two are shown alike [RTS-1A]', () => {
  const codes = Object.keys(currencies) as Currency[]
  const shown = codes.map((currency) => show({ amount: '12', currency }))
  expect(new Set(shown).size).toBe(codes.length)
})

test.each(Object.keys(currencies) as Currency[])('%s is shown on a page with every decimal it has', (currency) => {
  const exponent = currencies[currency]
  for (const amount of [1n, -1n, 123_456_789n, 10n ** 18n]) {
    const money = showMoney({ amount, currency })
    const digits = show(money).replace(/[^\d.-]/g, '')
    expect(digits).toBe(money.amount)
    expect(digits.split('.')[1]?.length ?? 0).toBe(exponent)
    expect(showSigned(money)).toContain(amount < 0n ? '-' : '+')
    expect(moneyOf(amount, money)).toEqual(money)
  }
})
