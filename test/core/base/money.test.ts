import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Currency, currencies, readMoney, readPositiveMoney, showMoney } from '#base'

const currency = fc.constantFrom(...(Object.keys(currencies) as Currency[]))

test('what is shown is read back exactly, in every currency and exponent', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), currency, (amount, code) => {
      expect(readMoney(showMoney({ amount, currency: code }))).toEqual({ amount, currency: code })
    }),
  )
})

test('nothing is rounded: more decimals than the currency has are refused, even zeros', () => {
  fc.assert(
    fc.property(fc.nat(), currency, (whole, code) => {
      const amount = `${whole}.${'0'.repeat(currencies[code] + 1)}`
      expect(() => readMoney({ amount, currency: code })).toThrow(
        expect.objectContaining({ code: 'base.amount_overprecise' }),
      )
    }),
  )
})

test('any string is read exactly or refused with a code, never a crash', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom('1e3', '0x10', '1,5', '+1', '.5', '5.', '٣', '1 000', '-0', 'NaN')),
      currency,
      (amount, code) => {
        try {
          expect(typeof readMoney({ amount, currency: code }).amount).toBe('bigint')
        } catch (error) {
          expect(error).toMatchObject({ kind: 'invalid', code: expect.stringMatching(/^base\.amount_/) })
        }
      },
    ),
  )
})

test('unknown currencies, amounts beyond the limit, zero and below are refused', () => {
  expect(() => readMoney({ amount: '1', currency: 'XXX' })).toThrow(
    expect.objectContaining({ code: 'base.currency_unknown' }),
  )
  expect(() => readMoney({ amount: '1', currency: 'constructor' })).toThrow(
    expect.objectContaining({ code: 'base.currency_unknown' }),
  )
  expect(() => readMoney({ amount: '10000000000000000.01', currency: 'EUR' })).toThrow(
    expect.objectContaining({ code: 'base.amount_too_large' }),
  )
  for (const amount of ['0', '0.00', '-1'])
    expect(() => readPositiveMoney({ amount, currency: 'EUR' })).toThrow(
      expect.objectContaining({ code: 'base.amount_not_positive' }),
    )
})
