import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, buildConnector, request } from 'undici'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import type { Lab } from './lab.ts'

/** What the players saw; times are milliseconds since the play began. */
export type Account = {
  /** Keys that were answered with a round, and which. */
  acknowledged: Map<string, string>
  /** When each was, in milliseconds since 1970. */
  acknowledgedAt: Map<string, number>
  /** When each was asked first, and how long its player waited for a round, all asking again included. */
  waits: Array<{ atMs: number; ms: number }>
  /** First answers that were no round: what a player would have read. */
  failures: Array<{ atMs: number; said: string }>
  /** Keys that were answered with two rounds. */
  doubled: string[]
  /** Keys that were never answered with a round, however often they were asked again. */
  unresolved: string[]
  /** The longest time without any answer with a round, and when it began; the silence at the end counts. */
  gap: { seconds: number; atMs: number }
}

export type Play = {
  elapsedMs(): number
  /** Until everybody has been answered a few times: what is slow because it is new is nobody's fault. */
  warm(): Promise<void>
  /** Ends it: what is under way is asked again until it is resolved. */
  stop(): Promise<Account>
  /** Ends it where nobody will ever answer. */
  abandon(): Promise<Account>
}

const againEveryMs = 500
const resolveSecondsUsual = 90

/** Players who bet with keys, together so many times a second, and who ask again with the same key until they know. */
export function play(lab: Lab, perSecond = 100): Play {
  const connector = buildConnector({ ca: readFileSync(lab.door.ca), servername: 'localhost', timeout: 3000 })
  const agent = new Agent({
    // Wherever players are sent by then.
    connect: (to, done) => connector({ ...to, hostname: lab.door.address, host: lab.door.address }, done),
    connections: 64,
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
  })
  const began = performance.now()
  const elapsedMs = () => performance.now() - began
  const account: Account = {
    acknowledged: new Map(),
    acknowledgedAt: new Map(),
    waits: [],
    failures: [],
    doubled: [],
    unresolved: [],
    gap: { seconds: 0, atMs: 0 },
  }
  let lastMs = 0
  let playing = true
  let resolveMsMax = resolveSecondsUsual * 1000
  const pace = (1000 * lab.cookies.length) / perSecond
  const players = lab.cookies.map((cookie, i) => playOn(cookie, (i / lab.cookies.length) * pace))
  return {
    elapsedMs,
    async warm() {
      const enough = 3 * lab.cookies.length
      while (account.acknowledged.size < enough && elapsedMs() < resolveMsMax) await pause(200)
      account.failures = []
      account.gap = { seconds: 0, atMs: 0 }
    },
    stop,
    abandon() {
      resolveMsMax = 0
      return stop()
    },
  }

  async function stop(): Promise<Account> {
    playing = false
    await Promise.all(players)
    alive()
    await agent.destroy()
    return account
  }

  async function playOn(cookie: string, startMs: number): Promise<void> {
    await pause(startMs)
    for (let dueMs = elapsedMs(); playing; dueMs += pace) {
      await pause(dueMs - elapsedMs())
      if (dueMs < elapsedMs() - 1000) dueMs = elapsedMs() // what was not asked during a pause is not made up for
      await bet(cookie)
    }
  }

  async function bet(cookie: string): Promise<void> {
    const key = randomUUID()
    const beganMs = elapsedMs()
    for (let first = true; ; first = false) {
      const said = await ask(cookie, key).catch((error: Error) => error.message)
      if (typeof said !== 'string') {
        const before = account.acknowledged.get(key)
        if (before !== undefined && before !== said.round) account.doubled.push(key)
        account.acknowledged.set(key, said.round)
        account.acknowledgedAt.set(key, Date.now())
        account.waits.push({ atMs: beganMs, ms: elapsedMs() - beganMs })
        alive()
        return
      }
      if (first) account.failures.push({ atMs: elapsedMs(), said })
      if (elapsedMs() - beganMs > resolveMsMax) return void account.unresolved.push(key)
      await pause(againEveryMs)
    }
  }

  /** The round, or what was said instead. */
  async function ask(cookie: string, key: string): Promise<{ round: string } | string> {
    const answer = await request('https://localhost:8443/api/games/roulette-european/rounds', {
      method: 'POST',
      dispatcher: agent,
      headers: {
        cookie,
        origin: 'https://localhost:8443',
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ bets: [{ on: 'black', amount: '0.10' }] }),
    })
    const text = await answer.body.text()
    if (answer.statusCode === 200) return JSON.parse(text) as { round: string }
    return `${answer.statusCode} ${/"code":"([^"]+)"/.exec(text)?.[1] ?? text.slice(0, 120)}`
  }

  function alive(): void {
    const seconds = (elapsedMs() - lastMs) / 1000
    if (seconds > account.gap.seconds) account.gap = { seconds, atMs: lastMs }
    lastMs = elapsedMs()
  }
}

/**
 * What the books of a home say of it: keys that were acknowledged and are not there, or as another round; and keys
 * that are there more than once, acknowledged or not.
 */
export async function compare(
  home: string,
  account: Pick<Account, 'acknowledged' | 'doubled'>,
): Promise<{ lost: string[]; doubled: string[] }> {
  const owner = connect(viewHome(home), 'owner')
  try {
    const booked = await owner<Array<{ key: string; transfer: bigint }>>`
      select key, transfer from ledger.transfers where key like 'round:%'`
    const counts = new Map<string, number>()
    for (const { key } of booked) counts.set(key, (counts.get(key) ?? 0) + 1)
    const rounds = new Map(booked.map(({ key, transfer }) => [key.slice('round:'.length), `rnd_${transfer}`]))
    const lost = [...account.acknowledged].filter(([key, round]) => rounds.get(key) !== round).map(([key]) => key)
    const doubled = [...counts].filter(([, count]) => count > 1).map(([key]) => key)
    return { lost, doubled: [...doubled, ...account.doubled] }
  } finally {
    await owner.end({ timeout: 5 })
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
