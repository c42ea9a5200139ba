import { Hono } from 'hono'
import type { Cores } from './balance/cores.ts'
import type { Exchange } from './listen/exchange.ts'

/** What the edge answers itself, below `/edge/`; everything else belongs to the cores. */
export function createControl(cores: Cores, draining: () => boolean): (exchange: Exchange) => Promise<void> {
  const app = new Hono()
  app.get('/edge/health', (c) => {
    const ready = !draining() && cores.anyHealthy()
    return c.json(
      { ready, cores: cores.all.map((core) => ({ name: core.name, healthy: cores.isServing(core) })) },
      ready ? 200 : 503,
    )
  })
  return (exchange) => answerBy(app, exchange)
}

/** Any route can be Hono's: an exchange becomes a Request, and the Response the answer. Bodies are not read here. */
async function answerBy(app: Hono, exchange: Exchange): Promise<void> {
  const headers = new Headers()
  const { rawHeaders } = exchange
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  const url = `https://edge.invalid${exchange.target}` // what stands in Host need not be a URL
  const response = await app.fetch(new Request(url, { method: exchange.method, headers }))
  const body = Buffer.from(await response.arrayBuffer())
  if (exchange.gone) return
  const named = [...response.headers].filter(([name]) => name !== 'content-length')
  exchange.respond(response.status, [...named.flat(), 'content-length', String(body.length)])
  exchange.end(exchange.method === 'HEAD' ? undefined : body)
}
