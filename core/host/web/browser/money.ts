/** Money as it travels. Sums on a page are in minor units, as `bigint`: nothing here is ever a float. */
export type Money = { amount: string; currency: string }

export function show({ amount, currency }: Money): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount as `${number}`)
}

/** With its sign in front, also when it is positive. */
export function showSigned({ amount, currency }: Money): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency, signDisplay: 'exceptZero' }).format(
    amount as `${number}`,
  )
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
