import { type Browser, chromium, type Page, type Request } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as staff from '#staff'
import { curvesOf, growth, promisesOf, quantile } from '../../core/host/service/curves.ts'
import type { Sampled } from '../../core/host/service/samples.ts'
import { barriers } from '../support/axe.ts'
import { type Faces, openFaces } from '../support/faces.ts'
import { staffPassword } from '../support/staff.ts'
import { withAuthenticator } from '../support/virtual-authenticator.ts'

/** The page of the machinery, in Chromium, over samples as cores and a worker keep them. `SERVICE_LOOKS=<folder>` keeps pictures. */
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
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await faces?.stop()
})

const slots = 180
const beganMs = Date.now() - slots * 10_000

test('rates come from what counters grew by; one that began anew begins with nothing, and a gap is none', () => {
  const at = (seconds: number) => 1_700_000_000_000 + seconds * 1000
  const sampled: Sampled[] = [
    {
      process: 'core-1',
      samples: [0, 10, 20, 30].map((s) => ({ at: at(s), values: { bets: [100, 200, 20, 120][s / 10]! } })),
    },
    { process: 'core-2', samples: [0, 10, 90, 100].map((s) => ({ at: at(s), values: { bets: s * 10 } })) },
  ]
  const { at: times, betsPerSecond } = curvesOf(growth(sampled))
  expect(times[0]).toBe(1_700_000_010)
  expect(betsPerSecond.slice(0, 3)).toEqual([20, 2, 10]) // 100 + 100, 20 of one that began anew, 100
  expect(betsPerSecond.slice(3)).toEqual([null, null, null, null, null, null])
})

test('times are reckoned as Prometheus does, and promises by how fast they spend their error budget', () => {
  const slot = { 'bet<0.1': 50, 'bet<0.25': 98, 'bet<0.5': 100, bets: 100, asked: 1000, faults: 2 }
  expect(quantile(slot, 'bet', [0.1, 0.25, 0.5], 0.5)).toBeCloseTo(0.1)
  expect(quantile(slot, 'bet', [0.1, 0.25, 0.5], 0.99)).toBeCloseTo(0.375)
  expect(quantile({ bets: 0 }, 'bet', [0.1], 0.5)).toBeNull()
  const [answers, bets, deposits] = promisesOf(new Map([[1, slot]]))
  expect(answers).toMatchObject({ events: 1000, bad: 2 })
  expect(answers!.burn).toBeCloseTo(2) // 0.2 % of 0.1 %
  expect(bets!.burn).toBeCloseTo(2) // 2 % of 1 %
  expect(deposits!.burn).toBeNull()
})

test('before anybody kept a sample the page says that there are no data, and who may not see it does not', {
  timeout: 120_000,
}, async () => {
  const { page } = await enrol('ann', 'auditor')
  await page.goto(`${url}/service`)
  await page.getByText('No data: nobody has kept a sample yet.').waitFor()
  await page.getByText('Last: no data').or(page.getByText('No data yet.')).first().waitFor()
  const { page: support } = await enrol('sid', 'support')
  for (const path of ['/service', '/api/service'])
    expect((await support.request.get(`${url}${path}`)).status()).toBe(403)
  const nobody = await browser.newContext()
  expect((await nobody.request.get(`${url}/api/service`)).status()).toBe(401)
  expect((await nobody.request.get(`${url}/service`, { maxRedirects: 0 })).headers().location).toBe('/sign-in')
})

test('the last hour of two cores and a worker: figures, promises, curves; nobody is kept out, and nothing breaks the policy of the page', {
  timeout: 120_000,
}, async () => {
  await keep('core-1', (i) => ({
    bets: 400 * i,
    'bet<0.25': 396 * i,
    'bet<0.025': 200 * i,
    'bet<0.5': 400 * i,
    asked: 800 * i,
    faults: 0,
  }))
  await keep('core-2', (i) => ({
    bets: 100 * i,
    'bet<0.25': 100 * i,
    'bet<0.025': 100 * i,
    'bet<0.5': 100 * i,
    asked: 200 * i,
    faults: 0,
  }))
  const now = Date.now() / 1000
  await keep('work-1', () => ({
    backupAt: now - 7200,
    backupFailedAt: 0,
    drillAt: 0,
    keyDueAt: now + 86_400 * 90,
    clockOffset: 0.002,
  }))
  const { page, faults } = await enrol('bea', 'administrator')
  await page.getByRole('link', { name: 'Service' }).click()
  await page.locator('#graph-bets .last', { hasText: 'bets/s: 50' }).waitFor()
  const row = (name: string) => page.getByRole('row', { name }).first()
  await row('Backup of data').getByText('2 h ago').waitFor() // a look may be some seconds old
  expect(await row('A backup proven to come back').textContent()).toMatch(/not well.*never.*backup\.md#drill/s)
  expect(await row('Log of the database archived').textContent()).toMatch(/unknown.*nobody tells/s)
  expect(await row('Bets are answered within 250 ms').textContent()).toMatch(/99\.0 %.*0\.8 times/s)
  expect(await row('core-2').textContent()).toMatch(/ago.*12 ms.*150 MiB/s)
  expect(await row('this machine').textContent()).toMatch(/primary.*running/s)
  expect(await page.locator('#graph-latency .last').textContent()).toMatch(/half: \d/)
  for (const [kind, width] of [
    ['wide', 1280],
    ['narrow', 390],
  ] as const) {
    await page.setViewportSize({ width, height: 900 })
    await page.waitForTimeout(300)
    expect(await drawnPixels(page)).toBeGreaterThan(500)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), kind).toBeLessThanOrEqual(width)
    expect(await barriers(page, faults), kind).toEqual([])
    if (process.env.SERVICE_LOOKS)
      await page.screenshot({ path: `${process.env.SERVICE_LOOKS}/service-${kind}.png`, fullPage: true })
  }
  expect(faults).toEqual([])
})

test('a page that nobody sits at, or that is not to be seen, asks nothing and so keeps no sign-in alive', {
  timeout: 120_000,
}, async () => {
  const { page } = await enrol('cat', 'auditor')
  await page.clock.install()
  let [asked, open] = [0, 0]
  const counts = (by: number) => (request: Request) => {
    if (!request.url().endsWith('/service')) return
    open += by
    if (by > 0) asked++
  }
  page.on('request', counts(1)).on('requestfinished', counts(-1)).on('requestfailed', counts(-1))
  /** Until what was asked is answered, and what follows from it. */
  const settled = async () => {
    for (let before = -1; before !== asked; await page.waitForTimeout(500)) {
      before = asked
      await expect.poll(() => open, { timeout: 30_000 }).toBe(0)
    }
  }
  /** How often the page asked while so many seconds went by on its clock. */
  const askedIn = async (seconds: number) => {
    await settled()
    const before = asked
    await page.clock.runFor(seconds * 1000)
    await settled()
    return asked - before
  }
  await page.goto(`${url}/service`)
  expect(await askedIn(60)).toBeGreaterThan(3)
  await askedIn(240) // five minutes since anybody was here
  expect(await askedIn(3600)).toBe(0)
  await page.keyboard.press('Shift')
  expect(await askedIn(60)).toBeGreaterThan(3)
  await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true, configurable: true }))
  await page.keyboard.press('Shift')
  expect(await askedIn(120)).toBe(0)
})

test('however many ask, the machinery is looked at once, and again after some seconds', async () => {
  const { page } = await enrol('dan', 'auditor')
  const { cache } = faces.host
  const { lists } = cache
  let looks = 0
  cache.lists = (kind) => {
    looks++
    return lists(kind)
  }
  try {
    const ask = async () => ((await (await page.request.get(`${url}/api/service`)).json()) as { at: string }).at
    const first = await ask()
    await expect.poll(ask, { timeout: 30_000 }).not.toBe(first) // one that begins now is good for the next ones
    looks = 0
    const answers = await Promise.all(Array.from({ length: 12 }, ask))
    expect(new Set(answers).size).toBeLessThanOrEqual(2)
    expect(looks).toBeLessThanOrEqual(1)
  } finally {
    cache.lists = lists
  }
})

/** What a process would have kept: `slots` samples of ten seconds. */
async function keep(process: string, values: (i: number) => Record<string, number>): Promise<void> {
  for (let i = 0; i <= slots; i++) {
    const sample = { at: beganMs + i * 10_000, values: { loopLag: 0.012, memory: 150 * 1024 ** 2, ...values(i) } }
    await faces.host.cache.append({ kind: 'samples', name: process }, JSON.stringify(sample), 360, 3600)
  }
}

/** Pixels of the first curve that are not the paper. */
function drawnPixels(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#graph-bets canvas')!
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, i) => i % 4 === 3 && value > 0).length
  })
}

async function enrol(login: string, role: string): Promise<{ page: Page; faults: string[] }> {
  const { world } = faces
  const { secret } = await world.act((tx) => staff.enrolmentLink(tx, world.command(), { role }))
  const page = await withAuthenticator(await browser.newContext({ viewport: { width: 1280, height: 900 } }))
  const faults: string[] = []
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()))
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(`${url}/enrol#${secret}`)
  await page.getByLabel('Name').fill(login)
  await page.getByLabel('Password').fill(staffPassword)
  await page.getByRole('button', { name: 'Enrol with a passkey' }).click()
  await page.waitForURL('**/sign-in?enrolled')
  await page.getByRole('button', { name: 'Sign in with your passkey' }).click()
  await page.waitForURL(`${url}/`)
  return { page, faults }
}
