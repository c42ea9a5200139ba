import { mkdirSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as ledger from '#ledger'
import * as staff from '#staff'
import { type Faces, openFaces } from '../support/faces.ts'
import { staffPassword } from '../support/staff.ts'
import { withAuthenticator } from '../support/virtual-authenticator.ts'

/** The back office as two people use it, in Chromium with an authenticator each. `COUNTROOM_SCREENSHOTS=1` keeps pictures. */
let faces: Faces
let browser: Browser
let url: string
beforeAll(async () => {
  faces = await openFaces()
  url = await faces.serve('operator')
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
})
afterAll(async () => {
  await browser?.close()
  await faces?.stop()
})

test('two enrol with passkeys; one asks for a correction, the other sees exactly that, signs it, and it is booked [S46]', {
  timeout: 120_000,
}, async () => {
  const { player, wallet } = await faces.world.player(1000n)
  const pay = await enrol('pay', 'payments')
  const fin = await enrol('fin', 'finance')
  await pay.getByRole('button', { name: 'Ask for something' }).click()
  const asking = pay.getByRole('dialog')
  await asking.getByLabel('What', { exact: true }).selectOption('ledger.adjust')
  const wish = { player, direction: 'credit', amount: { amount: '2.50', currency: 'EUR' } }
  await asking.getByLabel('Exactly what, as JSON').fill(JSON.stringify(wish))
  await asking.getByLabel('Why').fill('a round that was lost')
  await picture(pay, 'desk-ask')
  await asking.getByRole('button', { name: 'Ask' }).click()
  await pay.locator('#told').filter({ hasText: 'waits for somebody else' }).waitFor()

  const look = fin.getByRole('button', { name: 'Look at: Correct a player’s balance' })
  await look.waitFor({ timeout: 10_000 })
  await look.click()
  const shown = fin.getByRole('dialog')
  expect(JSON.parse((await shown.locator('.statement').textContent()) ?? '')).toMatchObject({
    payload: wish,
    reason: 'a round that was lost',
  })
  await picture(fin, 'desk-approval')
  await shown.getByRole('button', { name: 'Approve and sign' }).click()
  await fin.locator('#told').filter({ hasText: 'approved' }).waitFor()
  expect((await ledger.balance(faces.world.sql, wallet)).cash).toBe(1250n)
})

async function enrol(login: string, role: string): Promise<Page> {
  const { world } = faces
  const { secret } = await world.act((tx) => staff.enrolmentLink(tx, world.command(), { role }))
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await withAuthenticator(context)
  await page.goto(`${url}/enrol#${secret}`)
  await page.getByLabel('Name').fill(login)
  await page.getByLabel('Password').fill(staffPassword)
  await page.getByRole('button', { name: 'Enrol with a passkey' }).click()
  await page.waitForURL('**/sign-in?enrolled')
  await page.getByRole('button', { name: 'Sign in with your passkey' }).click()
  await page.waitForURL(`${url}/`)
  return page
}

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('docs/screenshots', { recursive: true })
  await page.screenshot({ path: `docs/screenshots/${name}.png` })
}
