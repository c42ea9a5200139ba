import { mkdirSync, rmSync } from 'node:fs'
import { chromium, type Page } from 'playwright-core'
import { startAppliance } from '../../ops/appliance.ts'
import { arrive, depositByCard, openClient } from '../support/client.ts'
import { newHome } from '../support/home.ts'

/** A player with money on a house of their own, and the browser that shows them its pages. */
export type Guest = {
  lobby: string
  /** A page of the player, for somebody who asked for less motion; whatever goes wrong, moves or sounds on it is noted. */
  open(
    viewport: { width: number; height: number },
    faults: string[],
    reducedMotion?: 'reduce' | 'no-preference',
  ): Promise<Page>
  /** Signs a page's browser in, where somebody signed it out. */
  signIn(page: Page): Promise<void>
  leave(): Promise<void>
}

export async function openGuest(): Promise<Guest> {
  const home = newHome()
  const appliance = await startAppliance({ home, freePorts: true })
  const lobby = new URL(appliance.urls.lobby).origin
  const client = openClient(lobby, { ca: appliance.card().ca })
  await arrive(client, appliance.urls)
  await depositByCard(client, '500.00')
  const cookies = client.cookie.split('; ').map((cookie) => {
    const [name = '', ...value] = cookie.split('=')
    return { name, value: value.join('='), url: lobby }
  })
  await client.close()
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
  return {
    lobby,
    async open(viewport, faults, reducedMotion = 'reduce') {
      const deviceScaleFactor = viewport.width > 1000 ? 0.8 : 1 // keeps pictures small
      const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, deviceScaleFactor, reducedMotion })
      await context.addCookies(cookies)
      await context.addInitScript(noteWhatMoves, reducedMotion === 'reduce')
      const page = await context.newPage()
      page.on('pageerror', (error) => faults.push(error.message))
      page.on('console', (line) => line.type() === 'error' && faults.push(line.text()))
      return page
    },
    signIn: (page) => page.context().addCookies(cookies),
    async leave() {
      await browser.close()
      await appliance.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function noteWhatMoves(still: boolean): void {
  const { animate } = Element.prototype
  Element.prototype.animate = function (...how) {
    if (still) console.error(`${this.tagName} ${this.className} moves`)
    return animate.apply(this, how)
  }
  const { start } = OscillatorNode.prototype
  OscillatorNode.prototype.start = function (...when) {
    console.error('something sounds that nobody turned on')
    return start.apply(this, when)
  }
}

/** Kept where `COUNTROOM_SCREENSHOTS=1`. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('docs/screenshots', { recursive: true })
  await page.screenshot({ path: `docs/screenshots/${name}.png` })
}
