import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import { barriers } from '../support/axe.ts'
import { type Guest, openGuest } from './guest.ts'

/** Every page of a player, held against axe-core's rules. What a game shows after a round is looked at where it is played. */
let guest: Guest
beforeAll(async () => {
  guest = await openGuest()
})
afterAll(() => guest?.leave())

const sizes = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
]

test('nothing on a page of an account keeps anybody out', { timeout: 120_000 }, async () => {
  const paths = ['/', '/cashier', '/history', '/limits', '/security', '/account', '/fairness', '/terms', '/privacy']
  await visit(paths, (page) => page.locator('#balance', { hasText: /\d/ }).waitFor())
})

test('nor on the way in', { timeout: 120_000 }, async () => {
  const paths = ['/', '/sign-in', '/register', '/confirm', '/forgotten', '/games/blackjack?money=none']
  await visit(paths, (page) => page.locator('main h1, main h2').first().waitFor(), false)
})

test.each(games.catalogue())(
  'nor at the table of $id, its paytable, rules and odds',
  { timeout: 120_000 },
  async ({ id }) => {
    await visit([`/games/${id}`], async (page) => {
      await page.locator('.play:enabled').waitFor()
      for (const field of await page.locator('[data-on="column:1"], [data-on=red], [data-on=banker]').all())
        await field.click()
      for (const details of await page.locator('details').all())
        await details.evaluate((each) => each.setAttribute('open', ''))
    })
  },
)

async function visit(paths: readonly string[], ready: (page: Page) => Promise<void>, signedIn = true): Promise<void> {
  for (const viewport of sizes) {
    const faults: string[] = []
    const page = await guest.open(viewport, faults)
    if (!signedIn) await page.context().clearCookies()
    for (const path of paths) {
      await page.goto(`${guest.lobby}${path}`)
      await ready(page)
      expect(await barriers(page, faults), `${path}, ${viewport.width} wide`).toEqual([])
    }
    await page.context().close()
    expect(faults).toEqual([])
  }
}
