import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as access from '#access'
import * as audit from '#audit'
import * as ledger from '#ledger'
import * as players from '#players'
import * as privacy from '#privacy'
import * as sessions from '#sessions'
import * as staff from '#staff'
import { recordsOf } from '../support/csv.ts'
import { type Faces, openFaces } from '../support/faces.ts'
import { rightAttempt } from '../support/sign-in.ts'
import { staffPassword } from '../support/staff.ts'
import { withAuthenticator, withSecurityKey } from '../support/virtual-authenticator.ts'

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

test('nobody is shown what they may not open; a game is closed by one, and opened, and a machine let in and out, by two [S21] [S46]', {
  timeout: 120_000,
}, async () => {
  const links = (page: Page) => page.locator('header nav a').allTextContents()
  const sue = await enrol('sue', 'support')
  expect(await links(sue)).toEqual([
    ...['Decisions', 'Approvals', 'Players', 'Payments', 'Erasure', 'Games', 'Passkeys', 'API'],
  ])
  for (const hidden of ['books', 'clients', 'staff', 'audit']) expect(await sue.locator(`#${hidden}`).count()).toBe(0)
  for (const file of ['Figures of games (CSV)', 'Rounds (CSV)']) expect(await sue.getByText(file).count()).toBe(0)
  await roundsOfPlayer(sue)
  const boss = await enrol('boss', 'administrator')
  const ben = await enrol('ben', 'administrator')
  expect(await links(boss)).toHaveLength(13)
  await shown(boss, 'desk')
  await filesOfGames(boss)

  await boss.getByRole('button', { name: 'Look at European Roulette' }).click()
  await boss.getByRole('dialog').getByLabel('Why').fill('the wheel is looked at')
  await shown(boss, 'desk-game')
  await boss.getByRole('button', { name: 'Close at once' }).click()
  await boss.locator('#told').filter({ hasText: 'is closed' }).waitFor()
  await boss.getByRole('button', { name: 'Look at European Roulette' }).click()
  await boss.getByRole('dialog').getByLabel('Why').fill('the wheel is sound')
  await boss.getByRole('button', { name: 'Ask to open it' }).click()
  await approves(ben, 'Open a game, or all play, again')
  expect(await faces.world.sql`select from games.closures`).toHaveLength(0)

  await boss.getByRole('button', { name: 'Let one in' }).click()
  const client = boss.getByRole('dialog')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await client.getByLabel('Called', { exact: true }).fill('reports')
  await client.getByLabel('Name, for people').fill('Reporting tool')
  await client.getByLabel('Public keys').fill('no key')
  await client.getByLabel('May, by commas').fill('books.read, proof.read')
  await client.getByLabel('Why').fill('the yearly report')
  await client.getByRole('button', { name: 'Ask' }).click()
  await client.getByText('Each line is one public key').waitFor()
  await client.getByLabel('Public keys').fill(JSON.stringify(publicKey.export({ format: 'jwk' })))
  await shown(boss, 'desk-client')
  await client.getByRole('button', { name: 'Ask' }).click()
  await approves(ben, 'Let a machine or an app in')
  await ben.getByRole('button', { name: 'Look at Reporting tool' }).click()
  await shown(ben, 'desk-client-look')
  await ben.getByRole('dialog').getByLabel('Why').fill('no report any more')
  await ben.getByRole('button', { name: 'Ask to take it out' }).click()
  await approves(boss, 'Take a machine or an app out')
  expect(await access.clients(faces.world.sql)).toEqual([])
})

test('somebody keeps their own passkeys: adds, renames, removes, and never the last; a colleague is enrolled by a link [S06]', {
  timeout: 120_000,
}, async () => {
  const eve = await enrol('eve', 'administrator')
  expect(await eve.getByRole('button', { name: /^Remove / }).count()).toBe(0)
  const [first] = await eve.evaluate(async () => (await (await fetch('/api/passkeys')).json()).passkeys)
  expect((await forced(eve, first.passkey)).code).toBe('factors.last')
  await withSecurityKey(eve)
  await eve.getByRole('button', { name: 'Add a passkey' }).click()
  await eve.getByLabel('What you call it').fill('Telephone')
  await shown(eve, 'desk-passkey')
  await eve.getByRole('button', { name: 'Make it' }).click()
  await eve.locator('#told').filter({ hasText: 'was added' }).waitFor()
  await eve.getByRole('button', { name: 'Rename Telephone' }).click()
  await eve.getByLabel('What you call it').fill('Security key')
  await eve.getByRole('dialog').getByRole('button', { name: 'Rename' }).click()
  await eve.getByText('Security key').waitFor()
  await shown(eve, 'desk-passkeys')
  await eve.getByRole('button', { name: 'Remove Enrolled with' }).click()
  await eve.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await eve.locator('#told').filter({ hasText: 'is gone' }).waitFor()
  expect(await eve.getByRole('button', { name: /^Remove / }).count()).toBe(0)

  const enrolling = async (role: string) => {
    await eve.getByRole('button', { name: 'Enrol somebody' }).click()
    await eve.getByLabel('Who it is').fill('Grace Hopper')
    await eve.getByLabel('Role').selectOption(role)
    await shown(eve, 'desk-enrol')
    await eve.getByRole('button', { name: 'Make a link' }).click()
  }
  await enrolling('support')
  expect(await eve.getByLabel('The link').inputValue()).toContain('/enrol#')
  await eve.keyboard.press('Escape')
  await enrolling('security')
  await eve.locator('#told').filter({ hasText: 'takes two' }).waitFor()
  await approves(await enrol('mary', 'administrator'), 'Enrol somebody in a privileged role')
  const approved = eve.getByRole('row', { name: /Enrol somebody.* Approved/ })
  await approved.getByRole('button').click({ timeout: 10_000 })
  await eve.getByRole('button', { name: 'Make the link' }).click()
  expect(await eve.getByLabel('The link').inputValue()).toContain('/enrol#')
})

test('who asked to be erased is on the desk; the account is closed, one asks, the other signs exactly what goes and what is kept [S46] [S59]', {
  timeout: 120_000,
}, async () => {
  const { world } = faces
  const { player } = await world.player()
  await world.act((tx) => players.askErasure(tx, world.command(), { player }))
  const ann = await enrol('ann', 'support')
  const cora = await enrol('cora', 'compliance_officer')
  const look = () => ann.getByRole('button', { name: `Look at the erasure of ${player}` }).click()
  const dialog = ann.getByRole('dialog')
  const why = async (button: string, words: string) => {
    const step = dialog.locator('form').filter({ has: ann.getByRole('button', { name: button }) })
    await step.getByLabel('Why').fill(words)
    await step.getByRole('button', { name: button }).click()
  }
  await look()
  expect(await dialog.getByRole('button', { name: 'Ask for the erasure' }).count(), 'of an open account').toBe(0)
  await why('Close the account', 'the player asked for it')
  await ann.locator('#told').filter({ hasText: 'is closed' }).waitFor()
  await look()
  await dialog.getByText('Directive (EU) 2015/849, Art. 40(1)(b)').waitFor()
  await shown(ann, 'desk-erasure')
  await why('Ask for the erasure', 'the player asked for it')
  await ann.locator('#told').filter({ hasText: 'waits for somebody else' }).waitFor()
  await cora.getByRole('button', { name: 'Look at: Erase a closed account' }).click({ timeout: 10_000 })
  const { payload } = JSON.parse((await cora.locator('.statement').textContent()) ?? '')
  expect(payload.erases.sort()).toEqual(['contact', 'credentials', 'marketing'])
  expect(payload.keeps).toHaveLength(4)
  await cora.keyboard.press('Escape')
  await approves(cora, 'Erase a closed account')
  await ann.reload()
  await ann.getByText('Nobody waits to be erased.').waitFor()
  await ann.getByRole('button', { name: player }).click()
  await ann.getByRole('button', { name: 'Closing and erasure' }).click()
  await dialog.getByText('Personal part of the log').waitFor()
  expect(await dialog.getByRole('button').allTextContents(), 'nothing more to decide').toEqual(['Back'])
  expect(await privacy.decided(world.sql, player)).toMatchObject({ doneAt: null })
})

/** Looks at what waits and signs it. */
async function approves(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: `Look at: ${title}` }).click({ timeout: 10_000 })
  await page.getByRole('button', { name: 'Approve and sign' }).click()
  await page.locator('#told').filter({ hasText: 'approved' }).waitFor()
}

/** Asks for the removal of a passkey past the page, which does not offer it. */
function forced(page: Page, passkey: string): Promise<{ code: string }> {
  return page.evaluate(async (id) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
    return (await fetch(`/api/passkeys/${id}`, { method: 'DELETE', headers })).json()
  }, passkey)
}

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

/** Who answers a player sees their rounds as they do, and where they signed in; why, is written down with each look. */
async function roundsOfPlayer(page: Page): Promise<void> {
  const { world } = faces
  const { player, wallet, email } = await world.player(1000n)
  const place = { country: 'SE', latitude: 59.3, longitude: 18.1 }
  const begun = await world.act((tx) => sessions.begin(tx, world.command(), rightAttempt(player, { place })))
  if ('refusal' in begun) throw begun.refusal
  const outcome = JSON.stringify({ picked: [3], count: 3, times: 112, next: 129 })
  const step = { at: '2026-02-03T04:05:06Z', drawn: 3, outcome: JSON.parse(outcome), moves: ['reveal'], stake: '100' }
  const steps = JSON.stringify([{ ...step, cash: '900', bonus: '0', held: '100' }])
  await world.admin`
    insert into games.rounds (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at)
    values (${wallet}, 1, ${begun.session.id}, 'dice', 'v', 100, 0, '{"stake":"100"}', '[["roll",10000,4711]]', '{"roll":4711}', 900, 0, 0, '2026-02-03T04:05:06Z')`
  await world.admin`
    insert into games.voided_rounds (wallet, transfer, round, session, game, version, stake, choice, draws, steps, reason, begun_at, at, cash, bonus, held)
    values (${wallet}, 3, 2, ${begun.session.id}, 'mines', 'v', 100, '{"stake":"100"}', '[]', ${steps}, 'broken', '2026-02-03T04:05:06Z',
      '2026-02-03T04:05:08Z', 900, 0, 0)`
  await page.getByLabel('E-mail, in full').fill(email)
  await page.getByRole('button', { name: 'Find' }).click()
  await page.locator('#players').getByText(player).click()
  await page.getByLabel('Why you look at the rounds').fill('she asked')
  await page.getByRole('button', { name: 'Look at rounds' }).click()
  const seen = page.getByRole('dialog', { name: 'Rounds of the player' })
  await seen.getByText('staked €1.00, returned €0.00').waitFor()
  await seen.getByText('not finished, €1.00 given back').waitFor()
  await shown(page, 'desk-player-rounds')
  await seen.getByRole('button', { name: 'Recall rnd_1' }).click()
  await seen.getByText('Roll: 4711, of 0 to 9999').waitFor()
  await seen.getByText('SE', { exact: true }).waitFor()
  expect(await seen.getByRole('link').count(), 'what is the player’s alone').toBe(0)
  await shown(page, 'desk-player-round')
  await picture(page, 'desk-player-round')
  await seen.getByRole('button', { name: 'Back to the rounds' }).click()
  await seen.getByRole('button', { name: 'Recall rnd_2' }).click()
  await seen.getByText('This round could not be finished.', { exact: false }).waitFor()
  await seen.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Close' }).click()
  const looks = await audit.search(world.sql, { code: 'games.rounds_viewed', subject: player, limit: 10 })
  expect(looks.map(({ reason, detail }) => [reason, detail?.round])).toEqual([
    ['she asked', 'rnd_2'],
    ['she asked', 'rnd_1'],
    ['she asked', undefined],
  ])
  await world.admin`delete from games.rounds where wallet = ${wallet}`
  await world.admin`delete from games.voided_rounds where wallet = ${wallet}`
}

/** Figures of games and everybody's rounds as files; that the rounds were taken, and why, is written down. */
async function filesOfGames(page: Page): Promise<void> {
  const { player, wallet } = await faces.world.player(1000n)
  await faces.world.admin`
    insert into games.rounds (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at)
    values (${wallet}, 1, 'ses_1', 'dice', 'v', 100, 0, '{}', '[]', '{}', 900, 0, 0, '2026-02-03T04:05:06Z'),
      (${wallet}, 2, 'ses_1', 'dice', 'v', 100, 0, '{}', '[]', '{}', 800, 0, 0, '2026-02-03T04:05:08Z')`
  const file = async (button: Locator) => {
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
    return recordsOf(readFileSync(await download.path(), 'utf8'))
  }
  expect(await file(page.getByRole('link', { name: 'Figures of games (CSV)' }))).toEqual([])
  await page.getByRole('button', { name: 'Rounds (CSV)' }).click()
  const asking = page.getByRole('dialog')
  await asking.getByLabel('Ended from (UTC)').fill('2026-02-03T04:05:00')
  await asking.getByLabel('Until (UTC), or now').fill('2026-02-03T04:05:07')
  await asking.getByLabel('Game').selectOption('dice')
  await asking.getByLabel('Why').fill('the regulator asked')
  await picture(page, 'desk-rounds')
  const lines = await file(asking.getByRole('button', { name: 'Download' }))
  expect(lines).toMatchObject([{ at: '2026-02-03T04:05:06.000Z', player, game: 'dice', stake: '100', currency: 'EUR' }])
  await faces.world.admin`delete from games.rounds where wallet = ${wallet}`
  const [taken] = await audit.search(faces.world.sql, { code: 'games.rounds_exported', limit: 1 })
  expect(taken).toMatchObject({ subject: 'rounds', reason: 'the regulator asked' })
}

/** As it looks on a desk and on a telephone; nothing may be wider than the screen. */
async function shown(page: Page, name: string): Promise<void> {
  for (const [kind, width] of [
    ['wide', 1280],
    ['narrow', 390],
  ] as const) {
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `${name} ${kind}`).toBeLessThanOrEqual(
      width,
    )
    if (process.env.DESK_LOOKS) await page.screenshot({ path: `${process.env.DESK_LOOKS}/${name}-${kind}.png` })
  }
  await page.setViewportSize({ width: 1280, height: 900 })
}

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.COUNTROOM_SCREENSHOTS) return
  mkdirSync('docs/screenshots', { recursive: true })
  await page.screenshot({ path: `docs/screenshots/${name}.png` })
}
