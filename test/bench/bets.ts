import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { viewHome } from '../../ops/appliance/home.ts'
import type { Appliance } from '../../ops/appliance.ts'
import { arrive, depositByCard, openClient } from '../support/client.ts'
import { keepBusy } from './benchmark.ts'
import { type Caller, keyedPost, openCaller } from './caller.ts'

/** Players at the roulette of a whole appliance: what the benchmarks of a bet have in common. */
export const connections = 64
const path = '/api/games/roulette-european/rounds'
const bet = JSON.stringify({ bets: [{ on: 'black', amount: '0.10' }] })

export type Way = { callers: Caller[]; heads: string[] }

/** Every connection bets for a while, each again as soon as it is answered. @throws Error when a bet is not taken */
export function playFor({ callers, heads }: Way, seconds: number) {
  return keepBusy(connections, seconds, (caller) => betOnce(callers[caller]!, heads[caller]!))
}

/** The same, until so many bets are made. */
export async function betTimes({ callers, heads }: Way, bets: number): Promise<void> {
  let left = bets
  await Promise.all(
    callers.map(async (caller, place) => {
      while (left-- > 0) await betOnce(caller, heads[place]!)
    }),
  )
}

async function betOnce(caller: Caller, head: string): Promise<void> {
  const { status, body } = await caller.call(keyedPost(head, randomUUID(), bet))
  if (status !== 200) throw new Error(`a bet was answered with ${status}: ${body.slice(0, 200)}`)
}

/** One bet by whoever is free; when nobody is, it waits for the first who is. @throws Error when a bet is not taken */
export function betBy({ callers, heads }: Way): () => Promise<void> {
  const free = callers.map((_, caller) => caller)
  const waiting: Array<(caller: number) => void> = []
  return async () => {
    const caller = free.pop() ?? (await new Promise<number>((resolve) => waiting.push(resolve)))
    const { status, body } = await callers[caller]!.call(keyedPost(heads[caller]!, randomUUID(), bet))
    if (status !== 200) throw new Error(`a bet was answered with ${status}: ${body.slice(0, 200)}`)
    const next = waiting.shift()
    if (next) next(caller)
    else free.push(caller)
  }
}

/** As many players as connections, signed in and with money; answers their cookies. */
export async function seatPlayers(appliance: Appliance): Promise<string[]> {
  const cookies: string[] = []
  const { ca, urls } = appliance.card()
  const seat = async () => {
    while (cookies.length < connections) {
      const place = cookies.push('') - 1
      const client = openClient(urls.lobby, { ca, connections: 1 })
      await arrive(client, urls)
      await depositByCard(client, '1000.00')
      cookies[place] = client.cookie
      await client.close()
    }
  }
  await Promise.all(Array.from({ length: 8 }, seat))
  return cookies
}

export async function throughEdge(appliance: Appliance, cookies: readonly string[]): Promise<Way> {
  const { ca, urls } = appliance.card()
  const { host, port, origin } = new URL(urls.lobby)
  const callers = await openAll(() =>
    openCaller({ host: '127.0.0.1', port: Number(port), ca: readFileSync(ca), servername: 'localhost' }),
  )
  return { callers, heads: cookies.map((cookie) => headOf({ host, origin, cookie })) }
}

/** As the edge would ask: with its certificate, and its word on who asks. */
export async function straightAtCore(appliance: Appliance, cookies: readonly string[]): Promise<Way> {
  const { ports, urls } = appliance.card()
  const tls = (file: string) => readFileSync(viewHome(appliance.home).path('tls', file))
  const servername = 'core-1.countroom.internal'
  const options = {
    host: '127.0.0.1',
    port: ports.core1Player,
    ca: tls('ca.pem'),
    cert: tls('edge.pem'),
    key: tls('edge.key'),
    servername,
  }
  const callers = await openAll(() => openCaller(options))
  const { origin } = new URL(urls.lobby)
  return {
    callers,
    heads: cookies.map(
      (cookie) =>
        `${headOf({ host: servername, origin, cookie })}x-forwarded-for: 127.0.0.1\r\nx-request-id: req_bench\r\n`,
    ),
  }
}

function openAll(open: () => Promise<Caller>): Promise<Caller[]> {
  return Promise.all(Array.from({ length: connections }, open))
}

function headOf({ host, origin, cookie }: { host: string; origin: string; cookie: string }): string {
  return `POST ${path} HTTP/1.1\r\nhost: ${host}\r\norigin: ${origin}\r\ncookie: ${cookie}\r\ncontent-type: application/json\r\n`
}
