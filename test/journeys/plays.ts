import type { Page, Response } from 'playwright-core'
import { expect } from 'vitest'

type Money = { amount: string; currency: string }
export type Round = { round: string; moves?: string[]; outcome: Record<string, unknown>; stake: Money; win: Money }
type Play = {
  game: string
  /** What the player sets up, by hand as a player does. */
  choose?(page: Page): Promise<void>
  /** Brings a round that waits to its end. */
  end?(page: Page): Promise<Response>
  /** What the page must say of an outcome. */
  words(outcome: Record<string, unknown>): string
}

const times = (hundredths: number) =>
  `${new Intl.NumberFormat('en', { maximumFractionDigits: 2 }).format(hundredths / 100)}×`

const wheelWords = ({ number, colour }: Record<string, unknown>) => `${number === 37 ? '00' : number} ${colour}`

/** One round of each game, as a player plays it by its page. */
export const plays: readonly Play[] = [
  {
    game: 'dice',
    async choose(page) {
      await page.getByRole('radio', { name: 'Over' }).check({ force: true })
      await page.getByRole('slider', { name: 'Chance to win' }).press('ArrowLeft')
      await expectText(page, '#chance', '50 %')
      await page.getByRole('slider', { name: 'Chance to win' }).press('ArrowRight')
      await expectText(page, '#chance', '49.5 %')
      await expectText(page, '[data-odds=wins]', '50.50 – 99.99')
      await expectText(page, '[data-odds=pays]', '2×')
      await expectText(page, '[data-odds=profit]', '€1.00')
    },
    words: ({ roll }) => `Rolled ${(Number(roll) / 100).toFixed(2).padStart(5, '0')}`,
  },
  {
    game: 'limbo',
    async choose(page) {
      await page.getByLabel('Target', { exact: true }).fill('0.5')
      await page.getByRole('button', { name: 'Let go' }).click()
      await expectText(page, '#result', 'A target is 1.01 to 1000.00.')
      await page.getByLabel('Target', { exact: true }).fill('1.37')
      await expectText(page, '#stake', '€1.00')
      await expectText(page, '[data-odds=chance]', '72.26 %')
      await expectText(page, '[data-odds=profit]', '€0.37')
    },
    words: ({ reached }) => `Reached ${times(Number(reached))}`,
  },
  {
    game: 'plinko',
    async choose(page) {
      await page.getByRole('radio', { name: '8', exact: true }).check({ force: true })
      await page.getByRole('radio', { name: 'High' }).check({ force: true })
      await expectText(page, '[data-odds=most]', '27.32×')
      await expectText(page, '[data-odds=chance]', '0.7813 %')
      expect(await page.locator('.buckets li').allTextContents()).toEqual(
        ['27.32', '4.2', '1.5', '0.3', '0.2', '0.3', '1.5', '4.2', '27.32'], // biome-ignore format: as they stand
      )
    },
    words: (outcome) => `Fell into ${times(Number(outcome.times))}`,
  },
  {
    game: 'mines',
    async choose(page) {
      await page.getByRole('button', { name: 'Open' }).click()
      await expectText(page, '#result', 'Choose a shell to open first.')
      await page.getByRole('button', { name: 'Shell 1 in row 1, closed' }).focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('Enter')
      expect(await page.locator('[data-aimed]').getAttribute('aria-label')).toBe('Shell 2 in row 2, closed')
      await expectText(page, '[data-odds=next]', '€1.12')
      await expectText(page, '[data-odds=chance]', '88 %')
    },
    end: (page) => cashOut(page),
    words: ({ ended, times: paid }) =>
      (ended as { hit: boolean }).hit ? 'A mine' : `Cashed out at ${times(Number(paid))}`,
  },
  {
    game: 'roulette-american',
    choose: (page) => page.getByRole('button', { name: 'Bet on 00' }).click(),
    words: wheelWords,
  },
  {
    game: 'roulette-french',
    choose: (page) => page.getByRole('button', { name: 'Bet on Red' }).click(),
    words: wheelWords,
  },
  {
    game: 'basalt-falls',
    async choose(page) {
      await expectText(page, '.marquee', '243 ways')
      await page.getByRole('button', { name: 'Paytable' }).click()
      await page.getByText('up to 100', { exact: false }).first().waitFor()
      await page.getByRole('button', { name: 'Close' }).click()
    },
    words: () => '',
  },
  {
    game: 'tidewrack',
    choose: (page) => expectText(page, '.marquee', '5 lines'),
    async end(page) {
      const rest = page.getByRole('button', { name: 'Open the rest for me' })
      return (await Promise.all([page.waitForResponse('**/moves'), rest.click()]))[0]
    },
    words: () => '',
  },
  {
    game: 'baccarat',
    async choose(page) {
      await page.getByRole('button', { name: 'Deal' }).click()
      await expectText(page, '#result', 'Place at least one chip.')
      await page.getByRole('button', { name: 'Bet on Player' }).click()
      await page.getByRole('button', { name: 'Bet on Banker' }).press('Enter')
      await expectText(page, '#staked', '€2.00')
    },
    words({ player, banker, result }) {
      const [one, other] = [player, banker] as Array<{ total: number }>
      const [high, low] = [one!.total, other!.total].sort((a, b) => b - a)
      const won = result === 'tie' ? 'Tie' : `${result === 'player' ? 'Player' : 'Banker'} wins`
      return `${won}, ${high} to ${low}`
    },
  },
  {
    game: 'blackjack',
    end: (page) => press(page, ['No insurance', 'Stand']),
    words({ hands, dealer }) {
      const [hand] = hands as Array<{ result: string; total: number }>
      const told = { blackjack: 'Blackjack', win: 'Wins', push: 'Push', lose: 'Loses', bust: 'Bust' }[hand!.result]
      return `${told} with ${hand!.total}; dealer ${(dealer as { total: number }).total}`
    },
  },
  {
    game: 'jacks-or-better',
    async end(page) {
      await page.locator('.place:enabled').first().waitFor()
      await page.keyboard.press('1')
      expect(await page.locator('.place[aria-pressed=true]').count()).toBe(1)
      return press(page, ['Draw'])
    },
    words: ({ class: made }) =>
      made === 'nothing'
        ? 'No paying hand'
        : `${String(made).charAt(0).toUpperCase()}${String(made).slice(1).replaceAll('-', ' ')}`,
  },
]

/** Makes the first of these moves that is open, until the round is over. */
async function press(page: Page, moves: readonly string[]): Promise<Response> {
  for (;;) {
    await page.locator('body[data-playing=no]').waitFor()
    const open = await Promise.all(
      moves.map(async (name) => {
        const button = page.getByRole('button', { name, exact: true })
        return (await button.isVisible()) ? button : undefined
      }),
    )
    const button = open.find((each) => each !== undefined)!
    const [answer] = await Promise.all([page.waitForResponse('**/moves'), button.click()])
    if (!((await answer.json()) as Round).moves) return answer
  }
}

export async function cashOut(page: Page): Promise<Response> {
  const [answer] = await Promise.all([
    page.waitForResponse('**/moves'),
    page.getByRole('button', { name: 'Cash out' }).click(),
  ])
  return answer
}

export async function expectText(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 30_000 }) // free spins take their time
}
