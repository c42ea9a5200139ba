import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { verify } from '../../ops/commands/verify.ts'
import { codeFor, someone } from '../support/client.ts'

/** The main job as people do it, in a browser, through every process. `COUNTROOM_SCREENSHOTS=1` keeps pictures. */
let appliance: Appliance
let home: string
let browser: Browser
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'cr-'))
  chmodSync(home, 0o755) // the service user must reach it
  appliance = await startAppliance({ home, freePorts: true })
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
})
afterAll(async () => {
  await browser?.close()
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('register, deposit, play, set a limit, withdraw; staff approve; the books agree', {
  timeout: 240_000,
}, async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  const lobby = new URL(appliance.urls.lobby).origin
  const who = someone()

  await page.goto(`${lobby}/register`)
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel(/^Password/).fill(who.password)
  await page.getByLabel('Full name').fill('Ada Lovelace')
  await page.getByLabel('Date of birth').fill('1985-12-10')
  await page.getByLabel('Street and number').fill('12 St James Square')
  await page.getByLabel('Postal code').fill('VLT 1234')
  await page.getByLabel('City').fill('Valletta')
  await page.getByLabel('Country').selectOption('MT')
  await page.getByRole('checkbox').check()
  await picture(page, 'register')
  await page.getByRole('button', { name: 'Register' }).click()

  await page.waitForURL('**/confirm')
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel('Code').fill(await codeFor(appliance.urls, who.email))
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.waitForURL('**/sign-in')
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel('Password').fill(who.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${lobby}/`)
  await expectText(page, '#balance', '€0.00')
  await picture(page, 'lobby')

  await page.goto(`${lobby}/cashier`)
  await page.locator('#deposit').getByLabel('Amount').fill('100.00')
  await page.getByRole('button', { name: 'Go to the payment page' }).click()
  await page.getByRole('button', { name: 'Pay', exact: true }).click()
  await page.waitForURL(`${lobby}/**`)
  await page.goto(`${lobby}/cashier`)
  await expectText(page, '#balance', '€100.00')

  await page.goto(`${lobby}/games/roulette-european`)
  await page.getByRole('button', { name: 'Bet on Red' }).click()
  await page.getByRole('button', { name: 'Bet on 17' }).click()
  await picture(page, 'roulette')
  await page.getByRole('button', { name: 'Spin' }).click()
  await page
    .locator('#result')
    .filter({ hasText: /\d+ (red|black|green)\./ })
    .waitFor({ timeout: 20_000 })
  await expectText(page, '#elapsed', /00:0\d:\d\d/)

  await page.goto(`${lobby}/games/midnight-orchard`)
  for (let spin = 0; spin < 3; spin++) {
    await page.getByRole('button', { name: 'Spin' }).click()
    await page
      .locator('#result')
      .filter({ hasText: /return/i })
      .waitFor({ timeout: 120_000 })
  }
  await picture(page, 'slot')

  await page.goto(`${lobby}/history`)
  expect(await page.locator('#rounds p').count()).toBe(4)
  await page.getByRole('button', { name: 'Look again' }).last().click()
  await page.getByText('identical').waitFor()
  await picture(page, 'history')

  await page.goto(`${lobby}/limits`)
  await page.getByLabel('Deposit limit per day').fill('150.00')
  await page.locator('[data-period=day]').getByRole('button', { name: 'Set' }).click()
  await page.getByText('100.00 EUR used').first().waitFor()

  await page.goto(`${lobby}/cashier`)
  await page.locator('#withdraw select option').first().waitFor({ state: 'attached' })
  await page.locator('#withdraw').getByLabel('Amount').fill('20.00')
  await page.getByRole('button', { name: 'Ask for a withdrawal' }).click()
  await page.locator('#moves [data-state=requested]').waitFor()

  const desk = await context.newPage()
  await desk.goto(appliance.urls.enrolment ?? '')
  await desk.getByLabel('Name').fill('grace')
  await desk.getByLabel('Password').fill('a very long password indeed')
  await desk.getByRole('button', { name: 'Enrol' }).click()
  await desk.waitForURL('**/sign-in')
  await desk.getByLabel('Name').fill('grace')
  await desk.getByLabel('Password').fill('a very long password indeed')
  await desk.getByRole('button', { name: 'Sign in' }).click()
  await desk.getByLabel('Reason').fill('looks right')
  await picture(desk, 'desk')
  await desk.getByRole('button', { name: 'Approve' }).click()

  await page.locator('#moves [data-state=paid]').waitFor({ timeout: 30_000 })
  await picture(page, 'cashier')
  const phone = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 390, height: 844 },
    storageState: await context.storageState(),
  })
  const small = await phone.newPage()
  for (const [path, name] of [
    ['/games/roulette-european', 'phone-roulette'],
    ['/games/midnight-orchard', 'phone-slot'],
  ] as const) {
    await small.goto(`${lobby}${path}`)
    await small.getByRole('button', { name: 'Spin' }).waitFor()
    expect(await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits a phone`).toBe(
      true,
    )
    await picture(small, name)
  }
  expect(faults).toEqual([])
  expect((await verify(viewHome(home))).checks.filter((check) => !check.ok)).toEqual([])
})

async function expectText(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 15_000 })
}

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('docs/screenshots', { recursive: true })
  await page.screenshot({ path: `docs/screenshots/${name}.png` })
}
