import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import * as sessions from '#sessions'
import type { Host } from './host.ts'
import { playerCookie } from './middleware/sign-in.ts'
import { secretIn } from './secret-cookie.ts'

export type Live = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

/** Tells a player's open pages that something of theirs changed; they then ask for it. Carries no data. */
export async function tellPlayer(
  host: Pick<Host, 'cache'>,
  player: string,
  what: 'balance' | 'account',
): Promise<void> {
  await host.cache.publish(`player:${player}`, what)
}

type Pages = Map<string, Map<WebSocket, string>> // player -> page -> session

const sweepSeconds = 5
const signedOut = 4401 // of the range for applications (RFC 6455, 7.4.2); the page then asks, and is led to the sign-in

/**
 * The WebSocket at `/live`: one way, from the casino to the pages of a signed-in player. It ends with the session: at once where
 * that is told, and for what is never told (a session that was idle too long, Redis away) when it is looked at next.
 */
export function createLive(host: Host): Live {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1024, clientTracking: true })
  const pages: Pages = new Map()
  host.signIns.onEnded((player) => void closeEnded(host, [...(pages.get(player) ?? [])]))
  const swept = setInterval(
    () =>
      void closeEnded(
        host,
        [...pages.values()].flatMap((mine) => [...mine]),
      ),
    sweepSeconds * 1000,
  )
  swept.unref()
  host.cache.subscribe('player:*', (channel, what) => {
    for (const page of pages.get(channel.slice('player:'.length))?.keys() ?? [])
      page.send(JSON.stringify({ changed: what }))
  })
  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      admit(host, request, server.clients.size)
        .then((session) => {
          if (!session) return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
          server.handleUpgrade(request, socket, head, (page) => keep(pages, session, page))
        })
        .catch(() => socket.destroy())
    },
    close() {
      clearInterval(swept)
      for (const page of server.clients) page.close(1012, 'restarting')
      server.close()
    },
  }
}

async function admit(host: Host, request: IncomingMessage, open: number): Promise<sessions.Session | undefined> {
  if (request.url !== '/live' || open >= host.config.limits.liveConnectionsMax) return undefined
  if (request.headers.origin !== new URL(host.config.origins.player).origin) return undefined
  const token = secretIn(request.headers.cookie, playerCookie)
  return token ? host.signIns.find(token, 'watch') : undefined
}

function keep(pages: Pages, { playerId, id }: sessions.Session, page: WebSocket): void {
  const mine = pages.get(playerId) ?? new Map<WebSocket, string>()
  pages.set(playerId, mine.set(page, id))
  page.on('close', () => {
    mine.delete(page)
    if (mine.size === 0 && pages.get(playerId) === mine) pages.delete(playerId)
  })
  page.on('error', () => page.terminate())
}

/** When the database cannot be asked, nobody is cut off; the next look finds out. */
async function closeEnded(host: Host, open: ReadonlyArray<readonly [WebSocket, string]>): Promise<void> {
  if (open.length === 0) return
  const ids = [...new Set(open.map(([, session]) => session))]
  const alive = await sessions.alive(host.sql, ids, host.now()).catch(() => undefined)
  if (alive) for (const [page, session] of open) if (!alive.has(session)) page.close(signedOut, 'signed out')
}
