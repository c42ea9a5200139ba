import { mkdirSync, rmSync } from 'node:fs'
import { type Browser, chromium, type Page, type Response } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, depositByCard, openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'

type Money = { amount: string; currency: string }
type Round = { round: string; moves?: string[]; outcome: Record<string, unknown>; stake: Money; win: Money }
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

const plays: readonly Play[] = [
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
      const won = result === 'tie' ? 'Tie' : `${result === 'player' ? 'Player' : 'Banker'} wins`
      return `${won}, ${one!.total} to ${other!.total}`
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

/** The page of each game, in a browser, on one house. `COUNTROOM_SCREENSHOTS=1` keeps pictures. */
let appliance: Appliance
let home: string
let browser: Browser
let lobby: string
let cookies: Array<{ name: string; value: string; url: string }>
beforeAll(async () => {
  home = newHome()
  appliance = await startAppliance({ home, freePorts: true })
  lobby = new URL(appliance.urls.lobby).origin
  const client = openClient(lobby, { ca: appliance.card().ca })
  await arrive(client, appliance.urls)
  await depositByCard(client, '500.00')
  cookies = client.cookie.split('; ').map((cookie) => {
    const [name = '', ...value] = cookie.split('=')
    return { name, value: value.join('='), url: lobby }
  })
  await client.close()
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
})
afterAll(async () => {
  await browser?.close()
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test.each(plays)(
  'the browser plays $game: what it shows is what the house settled, on a desk and on a phone [RTS-14F] [GLI-4.14.1]',
  {
    timeout: 60_000,
  },
  async ({ game, choose, end, words }) => {
    const faults: string[] = []
    const desk = await open({ width: 1280, height: 900 }, faults)
    await desk.goto(`${lobby}/games/${game}`)
    await desk.locator('.play').waitFor()
    await choose?.(desk)
    const [answer] = await Promise.all([desk.waitForResponse('**/rounds'), desk.locator('.play').click()])
    const first = (await answer.json()) as Round
    const { round, outcome, stake, win } = first.moves && end ? ((await (await end(desk)).json()) as Round) : first
    const ahead = Number(win.amount) > Number(stake.amount)
    const returned =
      Number(win.amount) === 0
        ? 'No return this time.'
        : ahead
          ? `Returned €${win.amount}.`
          : `Returned €${win.amount} of €${stake.amount}.`
    const told = [words(outcome), returned].filter(Boolean).join('. ')
    await expectText(desk, '#result', told)
    expect(await desk.locator('#result.ahead').count(), 'celebrated only what is more than was staked').toBe(
      ahead ? 1 : 0,
    )
    await expectText(desk, '#elapsed', /00:0\d:\d\d/)
    await desk.locator('.play:enabled').waitFor()
    await picture(desk, game)

    await desk.goto(`${lobby}/games/${game}?round=${round}`)
    await desk.getByText('Replay', { exact: true }).waitFor()
    await expectText(desk, '#result', told)

    const phone = await open({ width: 390, height: 844 }, faults)
    await phone.goto(`${lobby}/games/${game}`)
    await phone.locator('.play:enabled').waitFor()
    expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits a phone').toBe(true)
    const button = await phone.locator('.play').boundingBox()
    expect(button!.y + button!.height, 'the button is in view').toBeLessThanOrEqual(844)
    await picture(phone, `phone-${game}`)
    for (const page of [desk, phone]) await page.context().close()
    expect(faults).toEqual([])
  },
)

test('a round that waits comes back as it was left, and goes on [GLI-4.16.3b]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await open({ width: 1280, height: 900 }, faults)
  await page.goto(`${lobby}/games/mines`)
  await page.getByRole('button', { name: 'Lower mines' }).click()
  await page.getByRole('button', { name: 'Lower mines' }).click()
  await expectText(page, '#mines', '1')
  await until('a pearl', async () => {
    await page.getByRole('button', { name: 'Any shell' }).click()
    const [answer] = await Promise.all([page.waitForResponse('**/rounds'), page.locator('.play').click()])
    await page.locator('body[data-playing=no]').waitFor()
    return ((await answer.json()) as Round).moves
  })
  const pearl = await page.locator('[data-face=pearl]').getAttribute('aria-label')
  await page.reload()
  await expectText(page, '#result', 'This round waits for you. 1 pearl: €1.03 to cash out')
  expect(await page.locator('[data-face=pearl]').getAttribute('aria-label')).toBe(pearl)
  expect(await page.locator('.play').isVisible(), 'no other round of this game begins').toBe(false)
  await expectText(page, '#mines', '1')
  const [answer] = await Promise.all([
    page.waitForResponse('**/moves'),
    page.locator('[data-face=closed]').first().click(),
  ])
  const { moves } = (await answer.json()) as Round
  if (moves) await cashOut(page)
  await expectText(page, '#result', moves ? 'Cashed out at 1.07×. Returned €1.07.' : 'A mine. No return this time.')
  expect(await page.locator('[data-face=closed]').count(), 'all is shown in the end').toBe(0)
  await page.context().close()
  expect(faults).toEqual([])
})

/** Told by a stand-in for the API, because the real one brings all three together once in many thousand spins. */
test('a slot shows what is held, opens boxes as they are chosen, and gambles or keeps what was won [GLI-4.8.5c]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await open({ width: 1280, height: 900 }, faults)
  const shown = {
    base: { window: threeReels, lineWins: [], scatters: 0, win: '0' },
    free: [],
    hold: {
      begin: [0, 1, 2].map((row) => ({ reel: 0, row, value: 2 })),
      spins: [[{ reel: 1, row: 1, value: 5 }], [], [], []],
      full: false,
      win: '1100',
    },
  }
  const pick = (win: string, ...opened: object[]) => ({ boxes: 12, opened, over: opened.length === 2, win })
  const gamble = (...steps: object[]) => ({ from: '1400', steps })
  const [first, empty] = [
    { box: 4, prize: 3 },
    { box: 0, prize: 0 },
  ]
  const won = { on: 'red', card: { rank: '10', suit: 'hearts' }, won: true, amount: '2800' }
  const answers = [
    { outcome: { ...shown, pick: pick('0') }, moves: ['open', 'finish'] },
    { outcome: { ...shown, pick: pick('300', first) }, moves: ['open', 'finish'] },
    { outcome: { ...shown, pick: pick('300', first, empty), gamble: gamble() }, moves: ['gamble', 'finish'] },
    { outcome: { ...shown, pick: pick('300', first, empty), gamble: gamble(won) }, moves: ['gamble', 'finish'] },
    { outcome: { ...shown, pick: pick('300', first, empty), gamble: gamble(won) }, win: '28.00' },
  ]
  const asked: unknown[] = []
  await page.route(/\/(rounds|moves)$/, (route) => {
    asked.push(route.request().postDataJSON())
    const { outcome, moves, win = '0.00' } = answers[asked.length - 1]!
    const money = (amount: string) => ({ amount, currency: 'EUR' })
    const balance = { cash: money('50.00'), bonus: money('0.00'), held: money('0.00') }
    const round = { round: 'rnd_1', game: 'tidewrack', stake: money('1.00'), win: money(win), outcome, balance }
    return route.fulfill({ json: { ...round, ...(moves ? { moves, step: asked.length } : {}) } })
  })
  await page.goto(`${lobby}/games/tidewrack`)
  await page.getByLabel('Offer a gamble').check()
  await page.getByRole('button', { name: 'Spin' }).click()
  await expectText(page, '#result', 'Open a box.')
  expect(await page.locator('.kept .worth').allTextContents()).toEqual(['2×', '2×', '2×', '5×'])
  await expectText(page, '#win', '€11.00')
  await page.getByRole('button', { name: 'Box 5, closed' }).click()
  await page.getByRole('button', { name: 'Box 5, €3.00' }).waitFor()
  await expectText(page, '#win', '€14.00')
  await page.getByRole('button', { name: 'Box 1, closed' }).press('Enter')
  await expectText(page, '#result', 'Keep your win, or gamble it.')
  await page.getByRole('button', { name: 'Red 2×' }).click()
  await page.getByRole('img', { name: 'ten of hearts' }).waitFor()
  await expectText(page, '#win', '€28.00')
  await page.getByRole('button', { name: 'Keep €28.00' }).click()
  await expectText(page, '#result', 'Returned €28.00.')
  expect(asked).toEqual([
    { stake: '1.00', gamble: true },
    { step: 1, move: { move: 'open', box: 4 } },
    { step: 2, move: { move: 'open', box: 0 } },
    { step: 3, move: { move: 'gamble', on: 'red' } },
    { step: 4, move: { move: 'finish' } },
  ])
  await page.context().close()
  expect(faults).toEqual([])
})

const threeReels = [
  ['pearl', 'pearl', 'pearl'],
  ['crab', 'chest', 'kelp'],
  ['chest', 'conch', 'chest'],
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

async function cashOut(page: Page): Promise<Response> {
  const [answer] = await Promise.all([
    page.waitForResponse('**/moves'),
    page.getByRole('button', { name: 'Cash out' }).click(),
  ])
  return answer
}

/** A page of the player, for somebody who asked for less motion; whatever goes wrong on it is noted. */
async function open(viewport: { width: number; height: number }, faults: string[]): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, reducedMotion: 'reduce' })
  await context.addCookies(cookies)
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()))
  return page
}

async function expectText(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 30_000 }) // free spins take their time
}

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('docs/screenshots', { recursive: true })
  await page.screenshot({ path: `docs/screenshots/${name}.png` })
}
