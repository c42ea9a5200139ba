import { get } from './api.ts'
import { fill, table } from './desk-parts.ts'
import { make } from './elements.ts'
import { type Money, show } from './money.ts'
import { capital } from './words.ts'

type Books = {
  liability: Array<{ cash: Money; bonus: Money; held: Money; owed: Money; debts: Money; wallets: string }>
  house: Array<{ account: string; balance: Money }>
}

const parts = [
  ['Cash', 'cash'],
  ['Bonus', 'bonus'],
  ['Set aside', 'held'],
  ['Owed to players, in all', 'owed'],
  ['Owed by players', 'debts'],
] as const

/** What is owed to players, and what stands on the house's accounts: money that came in is above zero. */
export async function paintBooks(): Promise<void> {
  await fill('books', async () => {
    const { liability, house } = await get<Books>('/api/house/balances')
    const players = liability.flatMap((sums) => parts.map(([name, part]) => ['Players', name, show(sums[part])]))
    const accounts = house.map(({ account, balance }) => [
      'House',
      make('span', {}, capital(account.replaceAll('.', ' ')), make('small', {}, account)),
      show(balance),
    ])
    return table(['Of', 'Account', 'Amount'], [...players, ...accounts], 'Nothing is booked yet.')
  })
}
