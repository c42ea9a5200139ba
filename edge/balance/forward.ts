import type { Dispatcher } from 'undici'
import { responseHeaders } from '../guard/headers.ts'
import type { Exchange } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Core, Cores } from './cores.ts'

export type Forward = {
  exchange: Exchange
  /** As the core gets them, flat. */
  headers: string[]
  body: Buffer
  /** With a key, or safe: may be sent to another core. */
  repeatable: boolean
}

export type Forwarded = { core: string; tries: number; status: number; problem?: Problem }

type Tried = 'answered' | 'not sent' | 'lost' | 'not now'

const pauseMs = 50

/**
 * Sends a request to a core and its answer to the client. A repeatable request that finds no answer goes to another core,
 * and waits a little for one when there is none; any other request is sent once at most.
 */
export async function forward(cores: Cores, request: Forward, secondsMax: number): Promise<Forwarded> {
  const { exchange } = request
  const untilMs = performance.now() + secondsMax * 1000
  const tried = new Set<string>()
  let tries = 0
  for (;;) {
    const core = cores.pick(tried)
    if (!core) {
      tried.clear()
      await pause()
    } else {
      tries++
      const became = await attempt(core, request)
      if (became === 'answered') return { core: core.name, tries, status: exchange.status }
      if (became !== 'not now') cores.eject(core)
      if (became === 'lost' && !request.repeatable)
        return failed(
          core.name,
          tries,
          problem(502, 'edge.outcome_unknown', 'The casino did not answer; it is not known whether this was done.'),
        )
      tried.add(core.name)
    }
    if (exchange.gone) return { core: core?.name ?? '', tries, status: 499 }
    if (performance.now() > untilMs)
      return failed(
        core?.name ?? '',
        tries,
        problem(503, 'edge.no_core', 'The casino is not reachable at the moment. Ask again with the same key.'),
      )
  }
}

/** One try at one core. Nothing is written to the client unless the core answers. */
function attempt(core: Core, request: Forward): Promise<Tried> {
  const { exchange } = request
  return new Promise((resolve) => {
    let begun = false
    let swallowed = false
    core.inFlight++
    const done = (became: Tried) => {
      core.inFlight--
      exchange.onGone(undefined)
      resolve(became)
    }
    let controller: Dispatcher.DispatchController | undefined
    exchange.onGone(() => controller?.abort(new Error('the client is gone')))
    core.pools[exchange.face].dispatch(
      {
        path: exchange.target,
        method: exchange.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: request.body.length > 0 ? request.body : null,
      },
      {
        onRequestStart(started) {
          controller = started
        },
        onResponseStart(started, status) {
          if (status < 200) return
          if (status === 503 && request.repeatable) {
            swallowed = true
            return
          }
          begun = true
          const raw = (started.rawHeaders ?? []) as ReadonlyArray<Buffer | string>
          exchange.respond(status, responseHeaders(raw, exchange.requestId))
        },
        onResponseData(started, chunk) {
          if (swallowed || exchange.write(chunk)) return
          started.pause()
          exchange.onDrain(() => started.resume())
        },
        onResponseEnd() {
          if (swallowed) return done('not now')
          exchange.end()
          done('answered')
        },
        onResponseError(_, error) {
          if (begun) {
            exchange.destroy()
            return done('answered')
          }
          done(wasNotSent(error) ? 'not sent' : 'lost')
        },
      },
    )
  })
}

function wasNotSent(error: Error): boolean {
  const { code, syscall } = error as { code?: string; syscall?: string }
  return (
    syscall === 'connect' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    /^(ECONNREFUSED|ERR_TLS_|CERT_|CRL_|UNABLE_TO_)/.test(code ?? '')
  )
}

function failed(core: string, tries: number, found: Problem): Forwarded {
  return { core, tries, status: found.status, problem: found }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs))
}
