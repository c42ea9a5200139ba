/** Money as it travels. Sums on a page are in minor units, as `bigint`: nothing here is ever a float. */
export type Money = { amount: string; currency: string }

export function show(money: Money): string {
  return shown(money, 'auto')
}

/** With its sign in front, also when it is positive. */
export function showSigned(money: Money): string {
  return shown(money, 'exceptZero')
}

/** With all the decimals it came with. A code that is not of three letters is no currency to the browser; it stands behind. */
function shown({ amount, currency }: Money, signDisplay: 'auto' | 'exceptZero'): string {
  const decimals = amount.split('.')[1]?.length ?? 0
  const digits = {
    signDisplay,
    ...(decimals > 0 ? { minimumFractionDigits: decimals, maximumFractionDigits: decimals } : {}),
  }
  return currency.length === 3
    ? new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount as `${number}`)
    : `${new Intl.NumberFormat('en', digits).format(amount as `${number}`)} ${currency}`
}

export function minorOf({ amount }: Money): bigint {
  return BigInt(amount.replace('.', ''))
}

/** Minor units as money of the same currency and with as many decimals as the example. */
export function moneyOf(minor: bigint, example: Money): Money {
  const decimals = example.amount.split('.')[1]?.length ?? 0
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0')
  const split = digits.length - decimals
  const amount = `${minor < 0n ? '-' : ''}${digits.slice(0, split)}${decimals > 0 ? `.${digits.slice(split)}` : ''}`
  return { amount, currency: example.currency }
}
