import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { barriers } from '../support/axe.ts'
import { until } from '../support/client.ts'
import { type Guest, openGuest, picture } from './guest.ts'
import { cashOut, expectText, plays, type Round } from './plays.ts'

/** The page of each game, in a browser, on one house. `COUNTROOM_SCREENSHOTS=1` keeps pictures. */
let guest: Guest
let lobby: string
beforeAll(async () => {
  guest = await openGuest()
  lobby = guest.lobby
})
afterAll(() => guest?.leave())

test.each(plays)(
  'the browser plays $game: what it shows is what the house settled, on a desk and on a phone, still and silent; nothing urges its player on [RTS-14A] [RTS-14F] [RTS-2E] [RTS-13C] [GLI-4.14.1]',
  {
    timeout: 240_000, // a roulette table has so many parts that looking for barriers takes long on a busy machine
  },
  async ({ game, choose, end, words }) => {
    const faults: string[] = []
    const desk = await guest.open({ width: 1280, height: 900 }, faults)
    await desk.goto(`${lobby}/games/${game}`)
    await desk.locator('.play').waitFor()
    await choose?.(desk)
    const stakes = () => desk.locator('#stake').allTextContents()
    const chosen = await stakes()
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
    expect(await stakes(), 'the next stake is what was chosen, whatever was lost').toEqual(chosen)
    expect(await desk.locator('dialog[open], [popover]:popover-open').count(), 'nothing comes up after a round').toBe(0)
    await picture(desk, game)
    expect(await barriers(desk, faults)).toEqual([])

    await desk.goto(`${lobby}/games/${game}?round=${round}`)
    await desk.getByText('Replay', { exact: true }).waitFor()
    await expectText(desk, '#result', told)
    expect(await barriers(desk, faults), 'of a round that is shown again').toEqual([])
    if (first.moves && end) await recallsSteps(desk, round)

    const phone = await guest.open({ width: 390, height: 844 }, faults)
    await phone.goto(`${lobby}/games/${game}`)
    await phone.locator('.play:enabled').waitFor()
    expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits a phone').toBe(true)
    const button = await phone.locator('.play').boundingBox()
    expect(button!.y + button!.height, 'the button is in view').toBeLessThanOrEqual(844)
    await phone.evaluate(() => scrollTo(0, document.body.scrollHeight))
    for (const told of ['#balance', '#elapsed', '#net']) {
      const box = (await phone.locator(told).boundingBox())!
      expect(box.y >= 0 && box.y + box.height <= 844, `${told} stays in view, to the end of the rules`).toBe(true)
    }
    await phone.evaluate(() => scrollTo(0, 0))
    await picture(phone, `phone-${game}`)
    for (const page of [desk, phone]) await page.context().close()
    expect(faults).toEqual([])
  },
)

/** The player's recall tells every step of a round, who decided it, and what else there is to know [GLI-4.14.2] [GLI-4.14.3]. */
async function recallsSteps(page: Page, round: string): Promise<void> {
  await page.goto(`${lobby}/history#${round}`)
  const recall = page.locator('#recall')
  await recall.getByText('identical').waitFor()
  const steps = await recall.locator('ol li').allTextContents()
  expect(steps.length).toBeGreaterThan(1)
  expect(steps[0]).toContain('The round began')
  for (const step of steps.slice(1)) expect(step).toContain('You: ')
  expect(steps.at(-1)).toMatch(/it was over$/)
  const told = await recall.textContent()
  for (const words of ['none staked, none won', 'none won, none of the stake to them', 'none in fees', 'steps of€0.01'])
    expect(told).toContain(words)
  expect(told, 'nothing of the wire shows').not.toMatch(/[{}[\]]|undefined|object/)

  await page.goto(`${lobby}/cashier`)
  const movements = page.locator(`.statement a[href="/history#${round}"]`)
  await movements.first().waitFor()
  expect(await movements.count(), 'its stake, set aside and taken').toBeGreaterThan(1)
  await movements.first().click()
  await page.locator('#recall').getByText(round, { exact: true }).waitFor()
}

test('a round that waits comes back as it was left, and goes on; meanwhile its stake is seen to be held [GLI-4.16.3b] [GLI-4.16.2-2]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
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
  await expectText(page, '#held', '+ €1.00 held')
  await picture(page, 'held')
  await page.reload()
  await expectText(page, '#held', '+ €1.00 held')
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

test('a stranger tries a game without money from the lobby, a player from its page: nothing is booked [GLI-4.9.1]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  await page.context().clearCookies()
  await page.goto(lobby)
  await page.locator('a[href="/games/blackjack?money=none"]').click()
  await page.getByText('Without money', { exact: true }).waitFor()
  const [answer] = await Promise.all([page.waitForResponse('**/free-rounds'), page.locator('.play').click()])
  if (((await answer.json()) as Round).moves) {
    const [moved] = await Promise.all([
      page.waitForResponse('**/free-rounds/moves'),
      page.getByRole('button', { name: /^(Stand|No insurance)$/ }).click(),
    ])
    if (((await moved.json()) as Round).moves) await page.getByRole('button', { name: 'Stand' }).click()
  }
  await page.locator('.play:enabled').waitFor()
  await expectText(page, '#result', /return/i)
  await picture(page, 'without-money')

  await guest.signIn(page)
  await page.goto(`${lobby}/games/dice`)
  await expectText(page, '#balance', /\d/)
  const balance = await page.locator('#balance').textContent()
  await page.getByRole('link', { name: 'Without money' }).click()
  await page.getByText('Without money', { exact: true }).waitFor()
  await Promise.all([page.waitForResponse('**/free-rounds'), page.locator('.play').click()])
  await page.locator('.play:enabled').waitFor()
  await page.getByRole('link', { name: 'For money' }).click()
  await page.locator('.play:enabled').waitFor()
  await expectText(page, '#balance', balance!)
  await page.context().close()
  expect(faults).toEqual([])
})

/** Told by a stand-in for the API: no mathematics of ours fail. */
test('of a round that could not be finished the page, the history and the recall say that its stake went back, and who decided what [GLI-A.6.4a] [GLI-A.6.4b] [GLI-4.16.3c-iii]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  const money = (amount: string) => ({ amount, currency: 'EUR' })
  const balance = { cash: money('50.00'), bonus: money('0.00'), held: money('0.00') }
  const outcome = { picked: [3], count: 3, times: 112, next: 129 }
  const round = {
    round: 'rnd_7',
    game: 'mines',
    version: 'v',
    stake: money('2.00'),
    win: money('0.00'),
    outcome,
    balance,
  }
  const waits = { ...round, status: 'open', moves: ['reveal', 'cash-out'], step: 1 }
  const voided = { ...round, status: 'voided' }
  await page.route(/\/(rounds|moves)$/, (route) =>
    route.fulfill({ json: route.request().url().endsWith('/moves') ? voided : waits }),
  )
  await page.goto(`${lobby}/games/mines`)
  await page.getByRole('button', { name: 'Any shell' }).click()
  await page.locator('.play').click()
  await page.locator('body[data-playing=no]').waitFor()
  await page.locator('[data-face=closed]').first().click()
  const words = 'This round could not be finished. The €2.00 that you staked went back to your balance.'
  await expectText(page, '#result', words)
  await page.locator('.play:enabled').waitFor()

  const at = '2026-01-31T12:00:00.000Z'
  const step = { at, stake: money('2.00'), outcome, by: 'player', move: null }
  const nothing = money('0.00')
  const none = { stakedOfIncentives: nothing, wonOfIncentives: nothing, wonOfJackpots: nothing, toJackpots: nothing }
  const recall = {
    ...{ ...voided, at, begunAt: at, denomination: money('0.01'), balanceBefore: money('50.00'), replay: 'identical' },
    ...{ draws: [], choice: { stake: '200', mines: 3, tile: 3 } },
    ...{ parts: { ...none, wonOfJackpots: null, purchases: nothing, fees: nothing, advice: [] } },
    steps: [step, { ...step, by: 'platform', move: { move: 'cash-out' } }],
  }
  const rows = [
    { ...waits, at, round: 'rnd_8' },
    { ...voided, at },
    { ...voided, at, status: 'settled', round: 'rnd_6' },
  ]
  await page.route('**/api/rounds?limit=*', (route) => route.fulfill({ json: { rounds: rows } }))
  await page.route('**/api/rounds/rnd_7', (route) => route.fulfill({ json: recall }))
  await page.goto(`${lobby}/history#rnd_7`)
  await page.locator('#recall').getByText(words).waitFor()
  const [open, over, lost] = await page.locator('#rounds button').allTextContents()
  for (const [row, net, told] of [
    [open, '-€2.00', 'waits to be finished, €2.00 set aside'],
    [over, '€0.00', 'not finished, €2.00 given back'],
    [lost, '-€2.00', 'staked €2.00, returned €0.00'],
  ]) {
    expect(row).toContain(net)
    expect(row).toContain(told)
  }
  expect(over, 'nothing was lost').not.toContain('-€')
  const steps = await page.locator('#recall ol li').allTextContents()
  expect(steps.map((words) => words.includes('The rules, for you: cash out'))).toEqual([false, true])
  expect(await page.locator('#recall').textContent()).toContain('Jackpotsarchived with the books of that month, none')
  await picture(page, 'voided')
  expect(await barriers(page, faults)).toEqual([])
  await page.context().close()
  expect(faults).toEqual([])
})

test('the page that checks fair rounds makes the numbers of the documented example, and sees another seed', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  const document = readFileSync(join(import.meta.dirname, '../../core/games/fairness/algorithm.md'), 'utf8')
  const told = (what: string) => new RegExp(`\\| ${what} +\\| (.+?) +\\|`).exec(document)![1]!.replaceAll('`', '')
  const [ranges, draws] = told('draws').replace('out of ', '').split(': ') as [string, string]
  const example = {
    ...{ serverSeed: told('server seed'), clientSeed: told('client seed'), nonce: told('nonce') },
    ...{ commitment: told('commitment'), ranges },
  }
  await page.goto(`${lobby}/fairness`)
  for (const words of ['for each game with an example', 'all of it in a document']) {
    const told = await page.request.get(
      new URL((await page.getByRole('link', { name: words }).getAttribute('href'))!, lobby).href,
    )
    expect(told.headers()['content-type']).toContain('text/markdown')
    expect(await told.text()).toContain('nonce')
  }
  for (const [name, value] of Object.entries(example)) await page.locator(`[name=${name}]`).fill(value)
  await page.getByRole('button', { name: 'Compute the numbers' }).click()
  await page.getByText('The house kept to the seed it had committed to.').waitFor()
  const numbers = await page.locator('#verdict .numbers li').allTextContents()
  expect(numbers.map((words) => words.split(',')[0])).toEqual(draws.split(', '))
  await page.locator('[name=serverSeed]').fill(example.serverSeed.replace('0f', '0e'))
  await page.getByRole('button', { name: 'Compute the numbers' }).click()
  await page.getByText('This seed is not the one the house had committed to.').waitFor()
  await page.context().close()
  expect(faults).toEqual([])
})

test('a fair round is checked in the browser to its cards: what the numbers come to stands beside what was played, and where they differ it says so', {
  timeout: 240_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  await page.goto(`${lobby}/games/baccarat`)
  await page.locator('.play').waitFor()
  await page.getByRole('button', { name: 'How it is drawn' }).click()
  await page.getByRole('button', { name: 'Draw by seeds from now on' }).click()
  await page.getByText('Number of the next round').waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
  await plays.find(({ game }) => game === 'baccarat')!.choose?.(page)
  const [answer] = await Promise.all([page.waitForResponse('**/fair-rounds'), page.locator('.play').click()])
  const { round, outcome } = (await answer.json()) as Round & { outcome: { player: { cards: string[] } } }
  await page.locator('.play:enabled').waitFor()
  await page.getByRole('button', { name: 'Provably fair' }).click()
  await page.getByRole('button', { name: 'Back to the house’s generator' }).click()
  await page.getByText('The seeds used last').waitFor()

  await page.goto(`${lobby}/fairness?round=${round}`)
  await page.getByText('They come to the outcome that was played.').waitFor()
  await page.getByText('Every number is the one that was played.').waitFor()
  const cards = outcome.player.cards.join(' ')
  expect(await page.locator('#verdict .outcome tr', { hasText: 'Player' }).locator('td').allTextContents()).toEqual([
    cards,
    cards,
  ])
  expect(await barriers(page, faults)).toEqual([])

  await page.route(`**/api/rounds/${round}`, async (route) => {
    const answered = await route.fetch()
    const recall = (await answered.json()) as { outcome: { player: { cards: string[] } } }
    recall.outcome.player.cards[0] = recall.outcome.player.cards[0] === 'AS' ? 'KS' : 'AS'
    await route.fulfill({ response: answered, json: recall })
  })
  await page.reload()
  await page.getByText('They do not come to the outcome that was played.').waitFor()
  await page.context().close()
  expect(faults).toEqual([])
})

test('a key that is held down begins one round [RTS-14G-2]', { timeout: 60_000 }, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  await page.goto(`${lobby}/games/dice`)
  const asked: string[] = []
  page.on('request', (request) => request.url().endsWith('/rounds') && request.method() === 'POST' && asked.push(''))
  await page.locator('.play:enabled').focus()
  for (let repeat = 0; repeat < 5; repeat++) {
    await page.keyboard.down('Enter')
    await page.locator('body[data-playing=no] .play:enabled').waitFor()
  }
  await page.keyboard.up('Enter')
  const released = page.waitForResponse('**/rounds')
  await page.keyboard.press('Enter')
  await released
  expect(asked).toHaveLength(2)
  await page.context().close()
  expect(faults).toEqual([])
})

test.each([
  ['no', 'nothing cuts the showing of a round short where the licence gives it a least time'],
  ['yes', 'where it does not, a click on the wheel does'],
])('hurry %s: %s [RTS-14E]', { timeout: 60_000 }, async (hurry) => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults, 'no-preference')
  // As the page is told by a licence, before its module reads it.
  await page.addInitScript((told) => {
    document.addEventListener('readystatechange', () => {
      const table = document.querySelector<HTMLElement>('[data-hurry]')
      if (document.readyState === 'interactive') table!.dataset.hurry = told
    })
  }, hurry)
  await page.goto(`${lobby}/games/roulette-european`)
  await page.getByRole('button', { name: 'Bet on Red' }).click()
  await page.locator('.play').click()
  const turning = () => document.querySelector('.wheel-box')!.getAnimations({ subtree: true }).length
  await page.waitForFunction(turning)
  if (hurry === 'no') {
    expect(await page.locator('.play').isEnabled()).toBe(false)
    await page.keyboard.press('Space')
  }
  await page.locator('.wheel-box').dispatchEvent('click')
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  await page.evaluate(frame)
  expect((await page.evaluate(turning)) > 0, 'it turns').toBe(hurry === 'no')
  await page.locator('.play:enabled').waitFor()
  await page.context().close()
  expect(faults).toEqual([])
})

/** Told by a stand-in for the API, because the real one brings all three together once in many thousand spins. */
test('a slot shows what is held, opens boxes as they are chosen, and gambles or keeps what was won [GLI-4.8.5c]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
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
  await picture(page, 'tidewrack-boxes')
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
