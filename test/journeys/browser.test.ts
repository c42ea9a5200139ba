import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { verify } from '../../ops/commands/verify.ts'
import { arrive, codeFor, openClient, someone, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { withAuthenticator } from '../support/virtual-authenticator.ts'

/** The main job as people do it, in a browser, through every process. `COUNTROOM_SCREENSHOTS=1` keeps pictures. */
let appliance: Appliance
let home: string
let browser: Browser
beforeAll(async () => {
  home = newHome()
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

test('a form sent before its script has come puts nothing into the address, and works once it has', {
  timeout: 60_000,
}, async () => {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  let release = () => {}
  const late = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/assets/sign-in.js', async (route) => {
    await late
    await route.continue()
  })
  await page.goto(`${new URL(appliance.urls.lobby).origin}/sign-in`, { waitUntil: 'commit' })
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill('a secret of hers')
  await page.getByLabel('Password').press('Enter')
  await page.getByRole('button', { name: 'Sign in' }).click({ force: true })
  expect(page.url(), 'a press of a key').toMatch(/\/sign-in$/)
  release()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.problem').filter({ hasText: /\w/ }).waitFor()
  expect(page.url(), 'by the script').toMatch(/\/sign-in$/)
  await page.evaluate('document.forms[0].submit()')
  await page.waitForTimeout(500) // a navigation that must not begin has no end to wait for
  expect(page.url(), 'whoever sends it').toMatch(/\/sign-in$/)
  await page.context().close()
})

test('register, deposit, play, set a limit, withdraw; staff approve; the books agree [GLI-4.14.1] [RTS-1A] [RTS-2E] [RTS-13C]', {
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
  await page.getByLabel('Date of birth').fill('2020-01-01')
  await page.getByRole('button', { name: 'Register' }).click()
  await expectText(page, '#field-dateOfBirth-problem', 'at least 18')
  const [terms] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'terms', exact: true }).click(),
  ])
  await terms.getByText(/^Version \d{4}-\d\d/).waitFor()
  await terms.close()
  await page.getByLabel('Date of birth').fill('1985-12-10')
  await page.getByRole('button', { name: 'Register' }).click()

  await page.waitForURL('**/confirm')
  expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage])')).not.toContain(who.password)
  const anew = await context.newPage()
  await anew.goto(page.url())
  expect(await anew.getByLabel('Password').inputValue(), 'asked for where it was not typed').toBe('')
  await anew.close()
  await page.getByLabel('Code').fill('000000')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expectText(page, '#field-code-problem', 'do not fit together')
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
  await page.locator('#returned[data-state=credited]').waitFor()
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
  await betByKeyboardOnly(page)
  await betOnAWireThatBreaks(page)

  await page.goto(`${lobby}/games/midnight-orchard`)
  await page.getByRole('button', { name: 'Spin' }).waitFor()
  for (let spin = 0; spin < 3; spin++) {
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    if (spin > 0) await page.keyboard.press('Space') // once more: the reels stop at once
    await page
      .locator('#result')
      .filter({ hasText: /return/i })
      .waitFor({ timeout: 120_000 })
    await page.getByRole('button', { name: 'Spin' }).waitFor()
  }
  await picture(page, 'slot')

  await page.goto(`${lobby}/history`)
  await page.locator('#rounds button').nth(5).waitFor()
  expect(await page.locator('#rounds button').count()).toBe(6)
  await page.locator('#net').filter({ hasText: /\d/ }).waitFor()
  const sums = await Promise.all(
    ['#balance', '#net'].map(async (place) =>
      Number((await page.locator(place).textContent())?.replace(/[^\d.-]/g, '')),
    ),
  )
  expect(sums[1], 'the net of this session').toBeCloseTo(sums[0]! - 100, 2)
  await page.locator('#rounds button').last().click()
  await page.getByText('Red 1.00, 17 1.00').waitFor()
  await page.getByText(/Wheel: \d+, of 0 to 36/).waitFor()
  await page.getByText('identical').waitFor()
  await page.locator('#rounds button').first().click()
  await page.getByText('identical').waitFor()
  await page.locator('#recall').getByText('Replay', { exact: true }).waitFor() // nobody takes it for a round of now
  expect(await page.locator('#recall').textContent(), 'nothing of the wire shows').not.toMatch(/[{}[\]]/)
  await picture(page, 'history')
  const shownAgain = page.locator('#recall').getByRole('link', { name: 'See it played again' })
  await Promise.all([page.waitForURL('**/games/midnight-orchard?round=*'), shownAgain.click()])
  await page.getByText('Replay', { exact: true }).waitFor()
  await expectText(page, '#result', /return/i)
  expect(await page.getByRole('button', { name: 'Spin' }).count(), 'a replay takes no bets').toBe(0)

  await page.goto(`${lobby}/limits`)
  await page.getByLabel('Deposit limit per day').fill('150.00')
  await page.locator('[data-period=day]').getByRole('button', { name: 'Set' }).click()
  await page.getByText('100.00 EUR used').first().waitFor()

  await page.goto(`${lobby}/cashier`)
  await page.locator('#withdraw select option').first().waitFor({ state: 'attached' })
  await page.locator('#withdraw').getByLabel('Amount').fill('20.00')
  await sessionOfAnHour()
  await page.getByRole('button', { name: 'Ask for a withdrawal' }).click()
  await showAgain(page, who.password)
  const mailed = page.getByRole('dialog', { name: 'Is it you?' }) // nothing was paid to this card yet
  await mailed.getByText('sent to your e-mail address').waitFor()
  await mailed.getByLabel('Code').fill(await codeFor(appliance.urls, who.email, 'Your code to sign in'))
  await mailed.getByRole('button', { name: 'Go on' }).click()
  await page.locator('#moves [data-state=requested]').waitFor()

  const desk = await withAuthenticator(context)
  await desk.goto(appliance.urls.enrolment ?? '')
  await desk.getByLabel('Name').fill('grace')
  await desk.getByLabel('Password').fill('a very long password indeed')
  await desk.getByRole('button', { name: 'Enrol with a passkey' }).click()
  await desk.waitForURL('**/sign-in?enrolled')
  await desk.getByRole('button', { name: 'Sign in with your passkey' }).click()
  await desk.getByLabel('Reason').fill('looks right')
  await picture(desk, 'desk')
  await desk.getByRole('button', { name: 'Approve' }).click()
  await desk.getByRole('dialog').getByRole('button', { name: 'Approve €20.00' }).click()
  await expectText(desk, '#told', 'approved')
  await desk.locator('#players .link').first().click()
  await expectText(desk, '.drawer', 'A••• L•••')
  await desk.getByPlaceholder('Why you need the statement').fill('asked by the player')
  const [statement] = await Promise.all([
    desk.waitForEvent('download'),
    desk.getByRole('button', { name: 'Download statement' }).click(),
  ])
  expect(readFileSync(await statement.path(), 'utf8')).toContain(',withdrawal.held,')
  await desk.getByPlaceholder('Why you need the rounds').fill('asked by the player')
  const [rounds] = await Promise.all([
    desk.waitForEvent('download'),
    desk.getByRole('button', { name: 'Download rounds' }).click(),
  ])
  expect(
    readFileSync(await rounds.path(), 'utf8')
      .trim()
      .split('\r\n'),
  ).toHaveLength(7)
  await desk.getByRole('button', { name: 'Close', exact: true }).click()
  await expectText(desk, '#audit', 'Opened a player, masked')
  await desk.setViewportSize({ width: 900, height: 900 })
  expect(await fits(desk), 'the desk fits a narrow window').toBe(true)
  await desk.getByRole('button', { name: 'Sign out' }).click()
  await desk.waitForURL('**/sign-in')

  await page.locator('#moves [data-state=paid]').waitFor({ timeout: 30_000 })
  await expectText(page, '#statement [data-kind="withdrawal.held"]', '-€20.00')
  await expectText(page, '#by-game [data-game=midnight-orchard]', 'Midnight OrchardSlot3')
  await picture(page, 'cashier')
  await statementByFilter(page)
  const phone = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 390, height: 844 },
    storageState: await context.storageState(),
  })
  const small = await phone.newPage()
  for (const path of ['/', '/cashier', '/history', '/limits', '/games/midnight-orchard', '/games/roulette-european']) {
    await small.goto(`${lobby}${path}`)
    await small.waitForLoadState('networkidle')
    expect(await fits(small), `${path} fits a phone`).toBe(true)
    if (path === '/games/midnight-orchard') await picture(small, 'phone-slot')
    if (path === '/cashier') await figuresAreNamed(small)
  }
  await tableStandsUp(small)
  await small.getByRole('button', { name: 'Bet on Red' }).click()
  await picture(small, 'phone-roulette')
  await showFreeSpins(small, lobby)
  await context.clearCookies()
  await page.getByRole('button', { name: 'Ask for a withdrawal' }).waitFor()
  await page.locator('#withdraw').getByLabel('Amount').fill('5.00')
  await page.getByRole('button', { name: 'Ask for a withdrawal' }).click()
  await page.waitForURL('**/sign-in?ended')
  await page.getByText('Your session has ended').waitFor()
  expect(faults).toEqual([])
  expect((await verify(viewHome(home))).checks.filter((check) => !check.ok)).toEqual([])
})

test('a telephone is added by the code it shows, and on another device the next one signs in [S11]', {
  timeout: 120_000,
}, async () => {
  const lobby = new URL(appliance.urls.lobby).origin
  const client = openClient(lobby, { ca: appliance.card().ca })
  const who = await arrive(client, appliance.urls)
  await client.close()
  const enter = async () => {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(`${lobby}/sign-in`)
    await page.getByLabel('E-mail').fill(who.email)
    await page.getByLabel('Password').fill(who.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    return page
  }
  const at = `+356 2124 ${Math.floor(1000 + Math.random() * 9000)}`
  const telephone = await (await browser.newContext()).newPage()
  /** The code of the newest of so many texts, read off the telephone. */
  const shown = (texts: number) =>
    until('a text message', async () => {
      await telephone.goto(appliance.urls.inbox)
      const come = telephone.locator('article').filter({ hasText: `to ${at.replaceAll(' ', '')}` })
      return (await come.count()) < texts
        ? undefined
        : /\b\d{6}\b/.exec((await come.first().locator('pre').textContent()) ?? '')?.[0]
    })

  const page = await enter()
  await page.getByText('we have sent a code to your e-mail address').waitFor()
  await page.getByLabel('Code', { exact: true }).fill(await codeFor(appliance.urls, who.email, 'Your code to sign in'))
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${lobby}/`)
  await page.goto(`${lobby}/security`)
  await page.getByLabel('Number, with the country’s code').fill(at)
  await page.getByRole('button', { name: 'Send a code' }).click()
  await page.getByLabel('Code we sent').fill(await shown(1))
  await page.getByRole('button', { name: 'Add the telephone' }).click()
  await page.locator('.factor').filter({ hasText: 'Telephone +35' }).waitFor()

  await textsOfAnHour()
  const elsewhere = await enter()
  await elsewhere.getByText('please show one thing more').waitFor()
  expect(await elsewhere.getByLabel('What you use').inputValue()).toBe('sms')
  await elsewhere.getByRole('button', { name: 'Send' }).click()
  await elsewhere.getByText('a code is on its way').waitFor()
  await elsewhere.getByLabel('Code', { exact: true }).fill(await shown(2))
  await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
  await elsewhere.waitForURL(`${lobby}/`)
  for (const each of [page, elsewhere, telephone]) await each.context().close()
})

/** As if everybody had signed in an hour ago and played since. */
async function sessionOfAnHour(): Promise<void> {
  const admin = connect(viewHome(home), 'admin')
  await admin`
    update sessions.sessions
    set shown = jsonb_build_object('password', to_char((now() - interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`
  await admin.end()
}

/** As if the texts that went had gone an hour ago: none follows another at once. */
async function textsOfAnHour(): Promise<void> {
  const admin = connect(viewHome(home), 'admin')
  await admin`update factors.sms_counts set at = at - interval '1 hour'`
  await admin.end()
}

/** The casino asks, in place, whether it is still the same person; a wrong password is told beside its field. */
async function showAgain(page: Page, password: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Is it you?' })
  await dialog.getByLabel('Password').fill('not my password at all')
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.getByText('This is wrong. Try again.').waitFor()
  await picture(page, 'step-up')
  await dialog.getByLabel('Password').fill(password)
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.getByLabel('Password').waitFor({ state: 'detached' }) // another question may follow
}

/** What the form lets through is what is shown, and what the file holds. */
async function statementByFilter(page: Page): Promise<void> {
  const shown = () => page.locator('#statement tbody tr').count()
  const download = async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('Download (CSV)').click()])
    expect(file.suggestedFilename()).toMatch(/^statement-\d{4}-\d\d-\d\d\.csv$/)
    return readFileSync(await file.path(), 'utf8')
      .trim()
      .split('\r\n')
      .slice(1)
  }
  const all = await download()
  await page.getByLabel('What').selectOption('Deposits and withdrawals')
  await page.locator('#statement [data-kind=round]').first().waitFor({ state: 'detached' })
  const payments = await download()
  expect(payments).toEqual(all.filter((line) => /,(deposit|withdrawal)/.test(line)))
  expect(await shown()).toBe(payments.length)
  await page.getByLabel('To', { exact: true }).last().fill('2020-01-01')
  await page.getByText('Nothing moved that is like this.').waitFor()
  await page.getByText('Nothing was played then.').waitFor()
  expect(await download()).toEqual([])
  await page.getByLabel('To', { exact: true }).last().fill('')
  await page.getByLabel('What').selectOption('Everything')
  await page.locator('#statement [data-kind=round]').first().waitFor()
}

/** Tab, arrows and Enter place, a key spins: no mouse at all. */
async function betByKeyboardOnly(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Bet on 0', exact: true }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Delete')
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Enter')
  for (const name of ['Bet on 2, 1 placed', 'Bet on 3, 1 placed', 'Split 3/6, 1 placed'])
    await page.getByRole('button', { name }).waitFor()
  await expectText(page, '#staked', '€3.00')
  const [answer] = await Promise.all([page.waitForResponse('**/rounds'), page.keyboard.press('s')])
  await page.keyboard.press('s') // once more: show at once where the ball ends
  const { outcome } = (await answer.json()) as { outcome: { number: number } }
  await expectText(page, '#result', new RegExp(`^${outcome.number} (red|black|green)`))
}

/** The first answer is lost after the casino played; the page asks again with the same key before it shows anything. */
async function betOnAWireThatBreaks(page: Page): Promise<void> {
  const keys: string[] = []
  const answers: string[] = []
  await page.route('**/rounds', async (route) => {
    keys.push(route.request().headers()['idempotency-key'] ?? '')
    const response = await route.fetch()
    answers.push(await response.text())
    return keys.length === 1 ? route.abort('connectionreset') : route.fulfill({ response })
  })
  await page.getByRole('button', { name: 'Same again' }).click()
  await page.getByRole('button', { name: 'Spin' }).click()
  await page.locator('.reach').waitFor()
  await page.locator('body[data-running=yes]').waitFor()
  await page.getByRole('button', { name: 'Skip' }).click()
  await page
    .locator('#result')
    .filter({ hasText: /\d+ (red|black|green)\./ })
    .waitFor()
  await page.unroute('**/rounds')
  expect(keys).toEqual([keys[0], keys[0]])
  expect(answers[1]).toBe(answers[0])
}

/** On a phone: zero on top, streets of three below it, dozens and outside bets beside them, the button in view. */
async function tableStandsUp(page: Page): Promise<void> {
  const box = async (name: string) => {
    const found = await page.getByRole('button', { name, exact: true }).boundingBox()
    if (!found) throw new Error(`${name} is not shown`)
    return found
  }
  const [zero, one, two, three, four, red, spin] = await Promise.all(
    ['Bet on 0', 'Bet on 1', 'Bet on 2', 'Bet on 3', 'Bet on 4', 'Bet on Red', 'Spin'].map(box),
  )
  expect([zero!.y < one!.y, one!.x < two!.x, two!.x < three!.x, red!.x < one!.x]).toEqual([true, true, true, true])
  expect([two!.y, three!.y, four!.x]).toEqual([one!.y, one!.y, one!.x])
  expect(four!.y).toBeGreaterThan(one!.y)
  expect(spin!.y + spin!.height, 'the spin button is in view').toBeLessThanOrEqual(844)
}

/** A round with free spins, told by a stand-in for the API, for somebody who asked for less motion. */
async function showFreeSpins(page: Page, lobby: string): Promise<void> {
  const spin = (win: string, scatters: number) => ({
    stops: [0, 0, 0, 0, 0],
    window: Array.from({ length: 5 }, (_, reel) => [reel < scatters ? 'moon' : 'plum', 'owl', 'pear']),
    lineWins: [],
    scatters,
    win,
  })
  const money = (amount: string) => ({ amount, currency: 'EUR' })
  const outcome = { base: spin('200', 3), free: Array.from({ length: 10 }, () => spin('0', 0)), freeAwarded: 10 }
  const round = { round: 'rnd_1', game: 'midnight-orchard', stake: money('1.00'), win: money('2.00'), outcome }
  const balance = { cash: money('50.00'), bonus: money('0.00'), held: money('0.00') }
  await page.route('**/rounds', (route) => route.fulfill({ json: { ...round, balance } }))
  if (process.env.COUNTROOM_SCREENSHOTS) {
    await page.goto(`${lobby}/games/midnight-orchard`)
    await page.getByRole('button', { name: 'Spin' }).click()
    await expectText(page, '.marquee', 'Free spin 2 of 10')
    await picture(page, 'phone-free-spins')
  }
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(`${lobby}/games/midnight-orchard`)
  await page.locator('.marquee').evaluate((marquee) => {
    const shown: string[] = []
    new MutationObserver(() => shown.push(marquee.textContent ?? '')).observe(marquee, { childList: true })
    Object.assign(window, { shown })
  })
  await page.getByRole('button', { name: 'Spin' }).click()
  await expectText(page, '#result', 'Returned €2.00.')
  await expectText(page, '#win', '€2.00')
  const shown = await page.evaluate(() => (window as unknown as { shown: string[] }).shown)
  for (const count of [1, 10]) expect(shown).toContain(`Free spin ${count} of 10× 2`)
  await page.unroute('**/rounds')
}

function fits(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
}

async function expectText(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 15_000 })
}

/** Where a table has no room for its head, each figure of it says what it is. */
async function figuresAreNamed(page: Page): Promise<void> {
  const figures = page.locator('.games tbody tr').first().locator('td')
  await figures.first().waitFor()
  const titles = await figures.evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, '::before').content))
  expect(titles).toEqual(['"Rounds"', '"Staked"', '"Won"'])
}

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('docs/screenshots', { recursive: true })
  await page.screenshot({ path: `docs/screenshots/${name}.png` })
}
