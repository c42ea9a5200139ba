import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { type Benchmark, type Figure, median, percentile } from './benchmark.ts'
import { processor } from './machine.ts'

const games = [
  ...[
    'roulette-european',
    'roulette-american',
    'roulette-french',
    'baccarat',
    'blackjack',
    'jacks-or-better',
    'dice',
    'limbo',
    'plinko',
    'mines',
  ],
  ...['midnight-orchard', 'basalt-falls', 'tidewrack'],
]
const viewport = { width: 1280, height: 900 }

const frameMs = 1000 / 60
/** So many frames a second the median may be away from 60, for the clocks of browser and screen. */
const jitter = 1
/** A gap of one and a half frames or more has left one out. */
const droppedPercentMax = 5

/**
 * How smoothly the page of each game shows a round: the time from one frame to the next while it moves, as the browser calls for frames. The bar is 60 a second:
 * the median frame within one of it, and of a hundred frames that were due five at most not painted in time. Rounds are without money, by a stranger. Where no graphics card is, the processor paints, and the browser shares it with the house.
 */
const benchmark: Benchmark = {
  name: 'frames',
  summary: 'frames per second of the page of each game while a round is shown, in Chromium',
  seconds: 4,
  async run({ seconds, say, only }) {
    const home = mkdtempSync(join(tmpdir(), 'cr-bench-'))
    chmodSync(home, 0o755) // the service user must reach it
    const appliance = await startAppliance({ home, freePorts: true })
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
    try {
      const figures: Figure[] = []
      for (const game of games.filter((each) => only === undefined || each === only)) {
        const gaps = await gapsOf(browser, appliance, game, seconds)
        say(`${game}: ${gaps.length} frames`)
        figures.push(...told(game, gaps))
      }
      return {
        conditions: { ...processor(), browser: `Chromium ${browser.version()}, painted by the processor` },
        figures,
      }
    } finally {
      await browser.close()
      await appliance.stop()
      rmSync(home, { recursive: true, force: true })
    }
  },
}
export default benchmark

/** Milliseconds between frames while something moves, over as many rounds as begin within the time. */
async function gapsOf(browser: Browser, appliance: Appliance, game: string, seconds: number): Promise<number[]> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport })
  const page = await context.newPage()
  const gaps: number[] = []
  for (const endMs = Date.now() + seconds * 1000; Date.now() < endMs; ) {
    await page.goto(new URL(`/games/${game}?money=none`, appliance.urls.lobby).href)
    await page.locator('.play:enabled').waitFor()
    const watched = page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          const found: number[] = []
          let before = 0
          let moved = false
          const frame = (now: number) => {
            const moving = document.body.dataset.playing === 'yes'
            if (moving && moved) found.push(now - before)
            if (moved && !moving) return resolve(found)
            moved = moving
            before = now
            requestAnimationFrame(frame)
          }
          requestAnimationFrame(frame)
        }),
    )
    await ready(page, game)
    await page.locator('.play').click()
    gaps.push(...(await watched))
  }
  await context.close()
  return gaps
}

/** What has to be chosen before a round begins. */
async function ready(page: Page, game: string): Promise<void> {
  if (game.startsWith('roulette')) await page.getByRole('button', { name: 'Bet on Red' }).click()
  if (game === 'baccarat') await page.getByRole('button', { name: 'Bet on Banker' }).click()
  if (game === 'mines') await page.getByRole('button', { name: 'Any shell' }).click()
}

function told(game: string, gaps: readonly number[]): Figure[] {
  const sorted = [...gaps].sort((a, b) => a - b)
  const due = gaps.reduce((sum, gap) => sum + Math.max(1, Math.round(gap / frameMs)), 0)
  const dropped = (100 * (due - gaps.length)) / due
  return [
    {
      name: `${game}, frames per second, median`,
      value: 1000 / median(gaps),
      unit: 'per second',
      bar: `>=${60 - jitter}`,
    },
    { name: `${game}, frames dropped of a hundred`, value: dropped, unit: 'per cent', bar: `<=${droppedPercentMax}` },
    { name: `${game}, slowest frame of a hundred`, value: percentile(sorted, 0.99), unit: 'ms' },
  ]
}
