import { mkdirSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { freshCode } from '../support/authenticator.ts'
import { type Faces, openFaces } from '../support/faces.ts'
import { lastSms } from '../support/sms.ts'

/** The page Security as people use it, in Chromium with an authenticator of its own. `COUNTROOM_SCREENSHOTS=1` keeps pictures. */
let faces: Faces
let browser: Browser
let url: string
beforeAll(async () => {
  faces = await openFaces()
  url = await faces.serve()
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
})
afterAll(async () => {
  await browser?.close()
  await faces?.stop()
})

const password = 'walrus tambourine quartz'

test('a player adds a passkey, an app, a telephone and recovery codes, and does without the password', {
  timeout: 120_000,
}, async () => {
  const { page, player } = await arrive()
  await page.getByLabel('Name').first().fill('Ada’s laptop')
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await page.locator('.factor').filter({ hasText: 'Ada’s laptop' }).waitFor()

  await page.getByRole('button', { name: 'Show the picture to scan' }).click()
  await page.locator('#app-seed svg path').waitFor()
  await picture(page, 'security-seed')
  const secret = ((await page.locator('#app-seed code').textContent()) ?? '').replaceAll(' ', '')
  await page.getByLabel('Code the app shows').fill('000000')
  await page.getByRole('button', { name: 'Add the app' }).click()
  await page.locator('#app-proof .field-problem').filter({ hasText: 'The code is wrong' }).waitFor()
  await page.getByLabel('Code the app shows').fill(await freshCode(secret))
  await page.getByRole('button', { name: 'Add the app' }).click()
  await page.locator('.factor').filter({ hasText: 'My app' }).waitFor()
  expect(await page.locator('#app-seed').textContent(), 'the seed is not shown any more').toBe('')

  await page.getByLabel('Number, with the country’s code').fill('21234567')
  await page.getByRole('button', { name: 'Send a code' }).click()
  await page.locator('#phone .field-problem').filter({ hasText: 'international form' }).waitFor()
  await page.getByLabel('Number, with the country’s code').fill('+356 2123 4567')
  await page.getByRole('button', { name: 'Send a code' }).click()
  await page.getByLabel('Code we sent').waitFor()
  await page.getByLabel('Code we sent').fill(await lastSms(faces.world))
  await page.getByRole('button', { name: 'Add the telephone' }).click()
  await page.locator('.factor').filter({ hasText: 'Telephone +35 ••• 67' }).waitFor()

  await page.getByRole('button', { name: 'Make ten new codes' }).click()
  await page.locator('#codes-made li').nth(9).waitFor()
  expect(await page.locator('#codes-left').textContent()).toBe('You have 10 unused codes.')
  await picture(page, 'security')
  await page.getByRole('button', { name: 'Do without a password' }).click()
  await page.locator('#password-state').filter({ hasText: 'You have none' }).waitFor()
  expect(await sessions.hasPassword(faces.world.sql, player)).toBe(false)
  await page.reload()
  expect(await page.locator('#codes-made').isVisible(), 'codes are shown once').toBe(false)
})

test('a factor is renamed and removed, and the last one stays with words why', { timeout: 120_000 }, async () => {
  const { page } = await arrive()
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  const row = page.locator('.factor')
  await row.filter({ hasText: 'This device' }).waitFor()
  await row.getByRole('button', { name: 'Rename' }).click()
  await row.getByLabel('Name').fill('Key ring')
  await row.getByRole('button', { name: 'Save' }).click()
  await row.filter({ hasText: 'Key ring' }).waitFor()
  await row.getByRole('button', { name: 'Remove' }).click()
  await row.getByRole('button', { name: 'Remove for good?' }).click()
  await row.filter({ hasText: 'lock yourself out' }).waitFor()
  await picture(page, 'security-last')
  await page.getByRole('button', { name: 'Make ten new codes' }).click()
  await page.locator('#codes-made li').nth(9).waitFor()
  await row.getByRole('button', { name: 'Remove' }).click()
  await row.getByRole('button', { name: 'Remove for good?' }).click()
  await page.locator('#factors').filter({ hasText: 'Your password alone' }).waitFor()
})

test('who closes the browser’s dialog is told so, and nothing was added', { timeout: 60_000 }, async () => {
  const { page } = await arrive({ verified: false })
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await page.locator('#passkey .problem').filter({ hasText: 'No passkey was used' }).waitFor()
  expect(await page.locator('.factor').count()).toBe(0)
})

/** Somebody who signed in and has shown what there is to show; their browser has an authenticator that knows them, or does not. */
async function arrive({ verified = true } = {}) {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verified,
      automaticPresenceSimulation: true,
    },
  })
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${url}/`)
  await world.showAll(player)
  await page.goto(`${url}/security`)
  await page.locator('#factors li').first().waitFor()
  return { page, player, email }
}

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('.cache/screenshots', { recursive: true })
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 })
    await page.screenshot({ path: `.cache/screenshots/${name}-${width}.png`, fullPage: true })
  }
  await page.setViewportSize({ width: 1280, height: 900 })
}
