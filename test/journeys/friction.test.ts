import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { newHome } from '../support/home.ts'

/** Work before signing in, as a person meets it: the page does it, and nobody has to see or press anything. */
let appliance: Appliance
let home: string
let browser: Browser
beforeAll(async () => {
  home = newHome()
  const edge = { friction: { when: 'always', bits: 14 } }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, edge }))
  appliance = await startAppliance({ home, freePorts: true })
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('a browser works before it signs in, each time anew, and the casino judges what it was asked', {
  timeout: 60_000,
}, async () => {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  const answers: Array<{ status: number; proof: string | undefined }> = []
  page.on('response', (response) => {
    const request = response.request()
    if (new URL(response.url()).pathname === '/api/sessions' && request.method() === 'POST')
      answers.push({ status: response.status(), proof: request.headers()['x-proof'] })
  })
  await page.goto(`${new URL(appliance.urls.lobby).origin}/sign-in`)
  for (const time of [1, 2]) {
    await page.getByLabel('E-mail').fill('nobody@example.com')
    await page.getByLabel('Password').fill(`not a password ${time}`)
    const judged = page.waitForResponse(
      (response) => new URL(response.url()).pathname === '/api/sessions' && response.status() !== 428,
    )
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect((await judged).status()).toBe(401)
    await page.locator('.problem').filter({ hasText: /\w/ }).waitFor()
  }
  expect(answers.map(({ status }) => status)).toEqual([428, 401, 428, 401])
  const proofs = answers.flatMap(({ proof }) => proof ?? [])
  expect(new Set(proofs).size).toBe(2)
})
