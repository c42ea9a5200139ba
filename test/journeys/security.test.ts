import { mkdirSync, readFileSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as players from '#players'
import * as sessions from '#sessions'
import { freshCode } from '../support/authenticator.ts'
import { type Faces, openFaces } from '../support/faces.ts'
import { sendResets } from '../support/resets.ts'
import { mailed, mailedCode } from '../support/sign-in.ts'
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

test('the account page: where one lives, everything kept of oneself as a file, and the wish to be erased, each after a proof [S20] [GLI-2.5.2e-2]', {
  timeout: 120_000,
}, async () => {
  const { page, player } = await arrive()
  const { world } = faces
  await page.goto(`${url}/account`)
  const street = page.getByLabel('Street and number')
  await expect.poll(() => street.inputValue(), { message: 'as the casino has it' }).toBe('12 St James Square')
  await street.fill('1 Strait Street')
  await page.getByLabel('Postal code').fill('VLT 1430')
  await page.getByRole('button', { name: 'I live here now' }).click()
  await showMailedCode(page, player)
  await page.getByText('We have you there from now on.').waitFor()
  const { address } = await players.profile(world.sql, world.agent.keys, player)
  expect(address).toEqual({ street: '1 Strait Street', postalCode: 'VLT 1430', city: 'Valletta' })

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Take it along' }).click(),
  ])
  expect(JSON.parse(readFileSync(await file.path(), 'utf8'))).toMatchObject({ profile: { address }, deposits: [] })

  await world.admin`update sessions.sessions set shown = '{"password": "2020-01-01T00:00:00Z"}' where player = ${player}`
  const wish = page.getByRole('button', { name: 'Ask for erasure' })
  await wish.click()
  const dialog = page.getByRole('dialog', { name: 'Is it you?' })
  await dialog.getByRole('button', { name: 'Back' }).click()
  await page.locator('#own-data .problem').filter({ hasText: 'Please show once more' }).waitFor()
  expect(await players.erasureAskedAt(world.sql, player), 'who went back asked for nothing').toBeUndefined()
  await world.showAll(player)
  await wish.click()
  await page.locator('#own-data .note').filter({ hasText: 'You asked us on' }).waitFor()
  await picture(page, 'account')
  await page.reload()
  await page.locator('#own-data .note').filter({ hasText: 'You asked us on' }).waitFor()
  expect(await wish.isVisible(), 'once is enough').toBe(false)
})

test('who has forgotten their password sets another by the code of a mail and what only they know [GLI-2.5.3b]', {
  timeout: 120_000,
}, async () => {
  const { world } = faces
  const { player, email } = await world.player()
  const page = await newPage()
  await page.goto(`${url}/forgotten`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Send me a code' }).click()
  await page.waitForURL('**/new-password')
  await sendResets(world)
  const code = /code is ([0-9A-Z]{8})/.exec(await mailed(world, player, 'reset_password'))![1]!
  await page.getByLabel('Code').first().fill(code)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByLabel('Date of birth').fill('1985-12-11')
  await page.getByLabel('Postal code').fill('vlt 1234')
  await page.getByLabel('New password').fill('nine purple elephants sing')
  await picture(page, 'new-password')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('not what you told us').waitFor()
  await page.getByLabel('Date of birth').fill('1985-12-10')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.waitForURL('**/sign-in')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill('nine purple elephants sing')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${url}/`)
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
