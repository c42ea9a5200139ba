import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { parse } from 'hono/utils/cookie'
import { type WebSocket, WebSocketServer } from 'ws'
import * as sessions from '#sessions'
import type { Host } from './host.ts'
import { playerCookie } from './middleware/sign-in.ts'

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

/** The WebSocket at `/live`: one way, from the casino to the pages of a signed-in player. */
export function createLive(host: Host): Live {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1024, clientTracking: true })
  const pages = new Map<string, Set<WebSocket>>()
  host.cache.subscribe('player:*', (channel, what) => {
    for (const page of pages.get(channel.slice('player:'.length)) ?? []) page.send(JSON.stringify({ changed: what }))
  })
  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      admit(host, request, server.clients.size)
        .then((player) => {
          if (!player) return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
          server.handleUpgrade(request, socket, head, (page) => keep(pages, player, page))
        })
        .catch(() => socket.destroy())
    },
    close() {
      for (const page of server.clients) page.close(1012, 'restarting')
      server.close()
    },
  }
}

async function admit(host: Host, request: IncomingMessage, open: number): Promise<string | undefined> {
  if (request.url !== '/live' || open >= host.config.limits.liveConnectionsMax) return undefined
  if (request.headers.origin !== new URL(host.config.origins.player).origin) return undefined
  const token = parse(request.headers.cookie ?? '', playerCookie)[playerCookie]
  const session = token ? await sessions.find(host.sql, token, host.now()) : undefined
  return session?.playerId
}

function keep(pages: Map<string, Set<WebSocket>>, player: string, page: WebSocket): void {
  const mine = pages.get(player) ?? new Set()
  pages.set(player, mine.add(page))
  page.on('close', () => {
    mine.delete(page)
    if (mine.size === 0) pages.delete(player)
  })
  page.on('error', () => page.terminate())
}
