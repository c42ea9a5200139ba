import { createHash } from 'node:crypto'
import * as sessions from '#sessions'
import type { Cache } from './cache.ts'
import type { Sql } from './database.ts'

/**
 * What a session is found for. A bet, another change and a visit to a page are what a person does, and keep the session from being idle;
 * what a page reads by itself, or watches, does not, or an open page would keep it for ever [GLI-2.5.4a].
 */
export type Use = 'bet' | 'change' | 'visit' | 'read' | 'watch'

/**
 * Who is signed in, by the secret in their cookie. PostgreSQL decides. What this process saw a moment ago spares it the question: a
 * second for what is only read; longer for bets, because the transaction that settles them asks again; never for anything else
 * that changes something. So an ended session is over at once for money and within a second for the rest, whether Redis tells of
 * it or not; Redis makes that second short.
 */
export type SignIns = {
  find(secret: string, use: Use): Promise<sessions.Session | undefined>
  /** Tells every process, this one first, that sessions of a player ended. Call it once that is committed. */
  ended(player: string): Promise<void>
  /** Is told where sessions of a player ended, here or elsewhere. */
  onEnded(hear: (player: string) => void): void
}

/** A secret is 256 bits in base 64; anything else is not worth a query. */
const secretForm = /^[A-Za-z0-9_-]{43}$/
const channel = 'ended:'
const readMsMax = 1000
const seenMax = 50_000
const activities: ReadonlySet<Use> = new Set(['bet', 'change', 'visit'])

export function openSignIns(parts: {
  sql: Sql
  cache: Pick<Cache, 'publish' | 'subscribe'>
  now(): Date
  betSecondsMax: number
}): SignIns {
  const seen = new Map<string, { session: sessions.Session; atMs: number }>()
  const ofPlayer = new Map<string, Set<string>>()
  const listeners: Array<(player: string) => void> = []
  const agesMs: Record<Use, number> = {
    bet: parts.betSecondsMax * 1000,
    read: readMsMax,
    change: 0,
    visit: 0,
    watch: 0,
  }
  parts.cache.subscribe(`${channel}*`, (heard) => forget(heard.slice(channel.length)))
  return {
    async find(secret, use) {
      if (!secretForm.test(secret)) return undefined
      const digest = createHash('sha256').update(secret).digest('base64')
      const known = seen.get(digest)
      const now = parts.now()
      if (
        known &&
        performance.now() - known.atMs < agesMs[use] &&
        !(use === 'bet' && sessions.isTouchDue(known.session, now))
      )
        return known.session
      const atMs = performance.now() // of before the question: an end that is told meanwhile is not undone by its answer
      const found = await sessions.find(parts.sql, secret, now)
      const session = found && activities.has(use) ? await sessions.touch(parts.sql, found, now) : found
      if (session) keep(digest, session, atMs)
      return session
    },
    async ended(player) {
      forget(player)
      await parts.cache.publish(channel + player, '')
    },
    onEnded(hear) {
      listeners.push(hear)
    },
  }

  function keep(digest: string, session: sessions.Session, atMs: number): void {
    if (seen.size >= seenMax) {
      seen.clear()
      ofPlayer.clear()
    }
    seen.set(digest, { session, atMs })
    const digests = ofPlayer.get(session.playerId) ?? new Set()
    ofPlayer.set(session.playerId, digests.add(digest))
  }

  function forget(player: string): void {
    for (const digest of ofPlayer.get(player) ?? []) seen.delete(digest)
    ofPlayer.delete(player)
    for (const hear of listeners) hear(player)
  }
}
