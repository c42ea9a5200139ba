import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Guest, openGuest } from './guest.ts'
import { expectText, type Round } from './plays.ts'

/** Each game by Tab, arrows, Enter and Space alone: nothing here touches a mouse, or puts the focus anywhere. */
let guest: Guest
beforeAll(async () => {
  guest = await openGuest()
})
afterAll(() => guest?.leave())

/** Stops of Tab at most between two things of a page. */
const stopsMax = 80

type Way = {
  game: string
  play: string
  /** Sets up a bet, from wherever the focus is. */
  choose(page: Page): Promise<void>
  /** What brings a round that waits to its end: the first of these that can be pressed. */
  end?: ReadonlyArray<string | RegExp>
}

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' })

async function betOnFelt(page: Page): Promise<void> {
  await tabTo(page, page.locator('.spot[tabindex="0"]'))
  await press(page, 'ArrowRight')
  await press(page, 'ArrowRight')
  await press(page, 'Enter')
  await expectText(page, '#staked', '€1.00')
}

async function openPaytable(page: Page): Promise<void> {
  await tabTo(page, button(page, 'Paytable'))
  await press(page, 'Enter')
  await page.getByRole('dialog', { name: 'Paytable' }).waitFor()
  await press(page, 'Escape')
  expect(await has(button(page, 'Paytable')), 'where it was opened from').toBe(true)
  await tabTo(page, button(page, 'Higher stake'))
  await press(page, 'Enter')
  await expectText(page, '#stake', '€2.00')
}

const ways: readonly Way[] = [
  {
    game: 'dice',
    play: 'Roll',
    async choose(page) {
      await tabTo(page, page.getByRole('slider', { name: 'Chance to win' }))
      const rail = page.locator('.rail')
      const focused = await rail.screenshot()
      await press(page, 'Tab')
      expect((await rail.screenshot()).equals(focused), 'its thumb shows the focus').toBe(false)
      await press(page, 'Shift+Tab')
      await press(page, 'ArrowRight')
      await expectText(page, '#chance', '50 %')
      await tabTo(page, page.getByRole('radio', { name: 'Under' }))
      await press(page, 'ArrowRight')
      await expectText(page, '[data-odds=wins]', '50.00 – 99.99')
    },
  },
  {
    game: 'limbo',
    play: 'Let go',
    async choose(page) {
      await tabTo(page, page.getByLabel('Target', { exact: true }))
      await page.keyboard.type('1.27') // over what was there, as Tab selects it
      await press(page, 'ArrowUp')
      await expectText(page, '[data-odds=pays]', '1.37×')
      await tabTo(page, button(page, 'Target 2×'))
      await press(page, 'Enter')
      await expectText(page, '[data-odds=pays]', '2×')
    },
  },
  {
    game: 'plinko',
    play: 'Drop',
    async choose(page) {
      await tabTo(page, page.getByRole('radio', { name: '12', exact: true }))
      await press(page, 'ArrowLeft')
      await tabTo(page, page.getByRole('radio', { name: 'Medium' }))
      await press(page, 'ArrowRight')
      await expectText(page, '[data-odds=most]', '27.32×')
    },
  },
  {
    game: 'mines',
    play: 'Open',
    async choose(page) {
      await tabTo(page, button(page, 'Shell 1 in row 1, closed'))
      await press(page, 'ArrowDown')
      await press(page, 'ArrowRight')
      await press(page, 'Enter')
      expect(await page.locator('[data-aimed]').getAttribute('aria-label')).toBe('Shell 2 in row 2, closed')
      await tabTo(page, button(page, 'Lower mines'))
      for (const mines of ['2', '1']) {
        await press(page, 'Enter')
        await expectText(page, '#mines', mines)
      }
      expect(await has(button(page, 'Higher mines')), 'there are no fewer').toBe(true)
    },
    end: [/^Cash out/],
  },
  { game: 'roulette-european', play: 'Spin', choose: betOnFelt },
  { game: 'roulette-american', play: 'Spin', choose: betOnFelt },
  { game: 'roulette-french', play: 'Spin', choose: betOnFelt },
  {
    game: 'baccarat',
    play: 'Deal',
    async choose(page) {
      await tabTo(page, page.locator('.spot.banker'))
      for (let chip = 0; chip < 3; chip++) await press(page, 'Enter')
      await press(page, 'Delete')
      await expectText(page, '#staked', '€2.00')
    },
  },
  {
    game: 'blackjack',
    play: 'Deal',
    async choose(page) {
      await tabTo(page, button(page, 'Higher stake'))
      await press(page, 'Enter')
      await expectText(page, '#stake', '€2.00')
    },
    end: ['No insurance', 'Stand'],
  },
  {
    game: 'jacks-or-better',
    play: 'Deal',
    async choose(page) {
      await tabTo(page, button(page, 'Lower stake'))
      await press(page, 'Enter')
      await expectText(page, '#stake', '€0.50')
    },
    end: ['Draw'],
  },
  { game: 'midnight-orchard', play: 'Spin', choose: openPaytable },
  { game: 'basalt-falls', play: 'Spin', choose: openPaytable },
  {
    game: 'tidewrack',
    play: 'Spin',
    async choose(page) {
      await openPaytable(page)
      await tabTo(page, page.getByLabel('Offer a gamble'))
      await press(page, 'Space')
      expect(await page.getByLabel('Offer a gamble').isChecked()).toBe(true)
    },
    end: ['Open the rest for me', /^Keep/],
  },
]

test.each(ways)(
  '$game is played by the keyboard alone: each stop of Tab is seen, and the focus is never lost, not by a round that waits or is over',
  { timeout: 120_000 },
  async ({ game, play, choose, end = [] }) => {
    const faults: string[] = []
    const page = await guest.open({ width: 1280, height: 900 }, faults)
    await page.goto(`${guest.lobby}/games/${game}`)
    await page.locator('.play:enabled').waitFor()
    await choose(page)
    await tabTo(page, button(page, play))
    let round = await settled(page, '**/rounds')
    while (round.moves) {
      await isSeen(page)
      const open = await Promise.all(end.map((name) => button(page, name).isVisible()))
      await tabTo(page, button(page, end[open.indexOf(true)]!))
      round = await settled(page, '**/moves')
    }
    await expectText(page, '#result', /return/i)
    expect(await has(page.locator('.play')), 'the next round is one key away').toBe(true)
    await isSeen(page)
    await page.context().close()
    expect(faults).toEqual([])
  },
)

test('cards are held, and hands hit, where the focus is after the deal; a key that is held down moves nothing by itself [RTS-14G-2]', {
  timeout: 120_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  await page.goto(`${guest.lobby}/games/jacks-or-better`)
  await page.locator('.play:enabled').waitFor()
  await tabTo(page, button(page, 'Deal'))
  await settled(page, '**/rounds')
  expect(await has(page.locator('.place').first())).toBe(true)
  await press(page, 'Enter')
  expect(await page.locator('.place').first().getAttribute('aria-pressed')).toBe('true')
  await tabTo(page, button(page, 'Draw'))
  await settled(page, '**/moves')

  await page.goto(`${guest.lobby}/games/blackjack`)
  await page.locator('.play:enabled').waitFor()
  await tabTo(page, button(page, 'Deal'))
  const asked: string[] = []
  page.on('request', (request) => request.url().endsWith('/moves') && asked.push(request.url()))
  for (let hands = 0; hands < 40; hands++) {
    let round = await settled(page, '**/rounds')
    const hit = button(page, 'Hit')
    if (round.moves?.includes('hit')) {
      expect(await has(hit)).toBe(true)
      asked.length = 0
      await page.keyboard.down('Enter')
      await page.locator('body[data-playing=no]').waitFor()
      for (let repeat = 0; repeat < 4; repeat++) await page.keyboard.down('Enter')
      await page.keyboard.up('Enter')
      await page.locator('body[data-playing=no]').waitFor()
      expect(asked).toHaveLength(1)
      break
    }
    while (round.moves) {
      await tabTo(page, button(page, 'No insurance'))
      round = await settled(page, '**/moves')
      if (round.moves?.includes('stand')) {
        await tabTo(page, button(page, 'Stand'))
        round = await settled(page, '**/moves')
      }
    }
  }
  await page.context().close()
  expect(faults).toEqual([])
})

test('where a round may not be cut short its button stands still meanwhile, and has the focus again when it is over [RTS-14E]', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = []
  const page = await guest.open({ width: 1280, height: 900 }, faults)
  await page.addInitScript(() => {
    document.addEventListener('readystatechange', () => {
      const table = document.querySelector<HTMLElement>('[data-hurry]')
      if (document.readyState === 'interactive') table!.dataset.hurry = 'no'
    })
  })
  await page.goto(`${guest.lobby}/games/dice`)
  await page.locator('.play:enabled').waitFor()
  await tabTo(page, button(page, 'Roll'))
  for (let rolls = 0; rolls < 2; rolls++) {
    await settled(page, '**/rounds')
    expect(await has(button(page, 'Roll'))).toBe(true)
  }
  await page.context().close()
  expect(faults).toEqual([])
})

/** Enter on what has the focus; the round as it was answered, once it is shown. */
async function settled(page: Page, path: string): Promise<Round> {
  const [answer] = await Promise.all([page.waitForResponse(path), press(page, 'Enter')])
  await page.locator('body[data-playing=no]').waitFor()
  return (await answer.json()) as Round
}

async function press(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key)
}

function has(place: Locator): Promise<boolean> {
  return place.evaluate((element) => element === document.activeElement)
}

/** Goes on by Tab until this has the focus, and looks at each stop on the way. */
async function tabTo(page: Page, place: Locator): Promise<void> {
  const way: string[] = []
  for (let stops = 0; stops < stopsMax; stops++) {
    if (await has(place)) return
    await page.keyboard.press('Tab')
    way.push(await isSeen(page))
  }
  throw new Error(`${place} is not on the way: ${way.join(', ')}`)
}

/**
 * What has the focus is there, is marked by a line around it or beside it, and nothing covers it [WCAG 2.4.7, 2.4.11]. Answers what it is called;
 * past the last of a page the browser itself has the focus for one stop.
 */
async function isSeen(page: Page): Promise<string> {
  const seen = await page.evaluate(() => {
    const focused = document.activeElement as HTMLElement
    if (focused === document.body) return { name: 'the page' }
    const marked = [focused, focused.nextElementSibling].some((each) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(each ?? focused)
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
    })
    const { left, top, width, height } = focused.getBoundingClientRect()
    const [x, y] = [left + width / 2, top + height / 2]
    const above = document.elementFromPoint(x, y)
    const free = above !== null && (focused.contains(above) || above.contains(focused))
    const name = focused.getAttribute('aria-label') ?? focused.textContent?.trim().slice(0, 40) ?? ''
    const isRange = focused.matches('input[type=range]:focus-visible')
    return { name: `${focused.tagName} ${name}`, marked: marked || isRange, free, at: `${x}, ${y}` }
  })
  if (seen.marked !== undefined) expect(seen, seen.name).toMatchObject({ marked: true, free: true })
  return seen.name
}
