import { createConnection, type Socket } from 'node:net'
import { Refusal, type RefusalKind } from '#base'
import { frameReader, monotonicMs, protocolVersion, type Request, type Response } from './frames.ts'

export type Answer = Record<string, unknown>
type Call = {
  request: Request
  /** Doing it twice does no harm, so it is sent again when the connection breaks before the answer. */
  repeatable: boolean
  on?: Socket
  resolve(ok: Answer): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

const reconnectFirstMs = 20
const reconnectMaxMs = 500
/** What changes keys takes its time on some modules, and is asked by people who would rather wait than not know. */
const changingDeadlineMsMin = 60_000
const changing = new Set([
  ...['create', 'activate', 'destroy', 'ceremonyBegin', 'ceremonyFinish', 'backup', 'beginLog'],
  ...['restoreBegin', 'restoreShare', 'restoreFinish', 'custodiansVouch'],
])

/** One connection to the key agent, many requests at once. */
export type Connection = {
  /** @throws Refusal `keys.unavailable`; Refusal or KeysRefused where the agent says no */
  ask(op: string, key?: string, args?: Answer): Promise<Answer>
  close(): void
}

/**
 * Connects when there is something to ask. When the agent dies the connection is made again with growing pauses, and what can be asked twice is
 * asked again, as long as its deadline allows. `refused` hears of every refusal, before who asked does.
 */
export function openConnection({
  socket: path,
  deadlineMs,
  refused,
}: {
  socket: string
  deadlineMs: number
  refused(): void
}): Connection {
  const calls = new Map<number, Call>()
  let connection: Socket | undefined
  let pauseMs = reconnectFirstMs
  let again: NodeJS.Timeout | undefined
  let closed = false
  let lastId = 0

  return {
    ask,
    close() {
      closed = true
      clearTimeout(again)
      connection?.destroy()
      for (const id of [...calls.keys()]) settle(id)?.reject(unavailable('the client was closed'))
    },
  }

  function ask(op: string, key?: string, args?: Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = ++lastId
      const repeatable = !changing.has(op)
      const waitMs = repeatable ? deadlineMs : Math.max(deadlineMs, changingDeadlineMsMin)
      const timer = setTimeout(() => settle(id)?.reject(unavailable('it did not answer in time')), waitMs)
      const request = {
        v: protocolVersion,
        id,
        op,
        by: monotonicMs() + waitMs,
        ...(key ? { key } : {}),
        ...(args ? { args } : {}),
      }
      const call: Call = { request, repeatable, resolve, reject, timer }
      calls.set(id, call)
      if (again === undefined) send(call, connected())
    })
  }

  function send(call: Call, on: Socket): void {
    call.on = on
    on.write(`${JSON.stringify(call.request)}\n`)
  }

  function connected(): Socket {
    if (connection && !connection.destroyed) return connection
    const fresh = createConnection(path)
    const hear = frameReader<Response>((response) => {
      pauseMs = reconnectFirstMs
      const call = settle(response.id)
      if (response.ok) call?.resolve(response.ok)
      else {
        refused()
        call?.reject(refusalOf(response.error))
      }
    })
    fresh.on('data', (chunk: Buffer) => {
      try {
        hear(chunk)
      } catch {
        fresh.destroy()
      }
    })
    fresh.on('error', () => fresh.destroy())
    fresh.on('close', () => lost(fresh))
    connection = fresh
    return fresh
  }

  /** What waited on this connection is asked again on the next one, or its outcome is unknown. */
  function lost(socket: Socket): void {
    for (const [id, call] of [...calls])
      if (call.on === socket && !call.repeatable)
        settle(id)?.reject(unavailable('the connection ended before the answer'))
    const waiting = [...calls.values()].filter((call) => call.on === socket)
    if (closed || waiting.length === 0 || again !== undefined) return
    again = setTimeout(() => {
      again = undefined
      const next = connected()
      for (const call of calls.values()) if (call.on === socket || call.on === undefined) send(call, next)
    }, pauseMs)
    pauseMs = Math.min(reconnectMaxMs, pauseMs * 2)
  }

  function settle(id: number): Call | undefined {
    const call = calls.get(id)
    calls.delete(id)
    clearTimeout(call?.timer)
    return call
  }
}

function refusalOf(error: Response['error']): Error {
  const { code, message, kind } = error ?? { code: 'keys.malformed', message: 'an answer of no kind' }
  if (kind === undefined) return new KeysRefused(code, message)
  return new Refusal(kind as RefusalKind, code, `The key agent refused: ${message}.`)
}

/** The agent refused, and nobody but us is to blame: what was asked may not be asked, or does not open. */
export class KeysRefused extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(`The key agent refused: ${code} (${message})`)
    this.code = code
  }
}

function unavailable(reason: string): Refusal {
  return new Refusal(
    'unavailable',
    'keys.unavailable',
    'The key agent is not reachable at the moment.',
    undefined,
    new Error(reason),
  )
}
