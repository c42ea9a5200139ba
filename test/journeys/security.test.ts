import { mkdirSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { freshCode } from '../support/authenticator.ts'
import { type Faces, openFaces } from '../support/faces.ts'
import { mailedCode } from '../support/sign-in.ts'
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
  await showMailedCode(page, player)
  await page.locator('.factor').filter({ hasText: 'Ada’s laptop' }).waitFor()

  await page.getByRole('button', { name: 'Show the picture to scan' }).click()
  await showPasskey(page)
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
  await page.locator('#codes-left').filter({ hasText: 'You have 10 unused codes.' }).waitFor()
  await picture(page, 'security')
  await page.getByRole('button', { name: 'Do without a password' }).click()
  await page.locator('#password-state').filter({ hasText: 'You have none' }).waitFor()
  expect(await sessions.hasPassword(faces.world.sql, player)).toBe(false)
  await page.reload()
  expect(await page.locator('#codes-made').isVisible(), 'codes are shown once').toBe(false)

  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
  await page.waitForURL(`${url}/`)
  await page.goto(`${url}/sign-in`)
  await picture(page, 'sign-in')
  await page.getByRole('button', { name: 'Use a passkey instead' }).click()
  await page.locator('body[data-signed-in=yes]').waitFor()
  expect(page.url(), 'with nothing but a passkey').toBe(`${url}/`)
})

test('who has lost their device comes in by a recovery code, makes another passkey and takes the lost one out', {
  timeout: 120_000,
}, async () => {
  const { page, player, email } = await arrive()
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await showMailedCode(page, player)
  await page.locator('.factor').waitFor()
  await page.getByRole('button', { name: 'Make ten new codes' }).click()
  await showPasskey(page)
  await page.locator('#codes-left').filter({ hasText: 'You have 10 unused codes.' }).waitFor()
  const [first = ''] = await page.locator('#codes-made li').allTextContents()
  await page.context().close() // the device, its cookies and its authenticator are gone

  const elsewhere = await newPage()
  const signIn = async (code?: string) => {
    await elsewhere.goto(`${url}/sign-in`)
    await elsewhere.getByLabel('E-mail').fill(email)
    await elsewhere.getByLabel('Password').fill(password)
    await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
    await elsewhere.getByText('please show one thing more').waitFor()
    if (code) await elsewhere.getByLabel('Code', { exact: true }).fill(code)
    await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  await signIn('0000-0000-0000-0000-0000-0000')
  await elsewhere.locator('.problem').filter({ hasText: /\w/ }).waitFor()
  await signIn(first.toUpperCase())
  await elsewhere.waitForURL(`${url}/`)
  await elsewhere.goto(`${url}/security`)
  await elsewhere.getByLabel('Name').first().fill('New laptop')
  await elsewhere.getByRole('button', { name: 'Make a passkey' }).click()
  await elsewhere.locator('.factor').filter({ hasText: 'New laptop' }).waitFor()
  const lost = elsewhere.locator('.factor').filter({ hasText: 'This device' })
  await lost.getByRole('button', { name: 'Remove' }).click()
  await lost.getByRole('button', { name: 'Remove for good?' }).click()
  await lost.waitFor({ state: 'detached' })
  await elsewhere.locator('#codes-left').filter({ hasText: 'You have 9 unused codes.' }).waitFor()
})

test('a factor is renamed and removed, and the last one stays with words why', { timeout: 120_000 }, async () => {
  const { page, player } = await arrive()
  await faces.world.showAll(player)
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
  await page.locator('#codes-left').filter({ hasText: 'You have 10 unused codes.' }).waitFor()
  await row.getByRole('button', { name: 'Remove' }).click()
  await row.getByRole('button', { name: 'Remove for good?' }).click()
  await page.locator('#factors').filter({ hasText: 'Your password alone' }).waitFor()
})

test('who closes the browser’s dialog is told so, and nothing was added', { timeout: 60_000 }, async () => {
  const { page, player } = await arrive({ verified: false })
  await faces.world.showAll(player)
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await page.locator('#passkey .problem').filter({ hasText: 'No passkey was used' }).waitFor()
  expect(await page.locator('.factor').count()).toBe(0)
})

/** Somebody who has just signed in; their browser has an authenticator that knows them, or does not. */
async function arrive({ verified = true } = {}) {
  const { world } = faces
  const { player, email } = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const page = await newPage(verified)
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${url}/`)
  await page.goto(`${url}/security`)
  await page.locator('#factors li').first().waitFor()
  return { page, player, email }
}

/** A browser that nobody has seen before. */
async function newPage(verified = true): Promise<Page> {
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
  return page
}

/** Who has no factor yet shows, besides the password they signed in with, the code of a mail [GLI-2.5.2e-1]. */
async function showMailedCode(page: Page, player: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Is it you?' })
  await dialog.getByLabel('Code').waitFor()
  await dialog.getByLabel('Code').fill(await mailedCode(faces.world, player))
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.waitFor({ state: 'detached' })
}

/** Who has one shows it. */
async function showPasskey(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Is it you?' })
  await dialog.getByText('use your passkey').waitFor()
  await picture(page, 'step-up-passkey')
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.waitFor({ state: 'detached' })
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
