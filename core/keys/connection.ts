import { createConnection, type Socket } from 'node:net'
import { Refusal, type RefusalKind } from '#base'
import { answerChallenge, type Presenting } from './entrance.ts'
import { frameReader, monotonicMs, protocolVersion, type Request, type Response } from './frames.ts'

export type Answer = Record<string, unknown>
type Call = {
  request: Request
  /** Doing it twice does no harm, so it is sent again when the connection breaks before the answer. */
  repeatable: boolean
  /** Undefined as long as it was not sent. */
  on: Link | undefined
  resolve(ok: Answer): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}
/** One socket; open once the agent is there and has let us in. */
type Link = { socket: Socket; open: boolean }

const reconnectFirstMs = 20
const reconnectMaxMs = 500
const entranceId = 0
const saidAgainMs = 10_000
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

export type ConnectionOptions = {
  socket: string
  /** Every role but `ops` has to show a certificate. */
  presenting?: Presenting | undefined
  deadlineMs: number
  /** Hears of every refusal, before who asked does. */
  refused(): void
  /** Hears why nothing is answered; the same reason not again within seconds. */
  hindered?: ((reason: string) => void) | undefined
}

/**
 * Connects when there is something to ask. When the agent dies the connection is made again with growing pauses, and what can be asked twice, or
 * was not sent yet, is asked again, as long as its deadline allows.
 */
export function openConnection({ socket: path, presenting, deadlineMs, ...hears }: ConnectionOptions): Connection {
  const calls = new Map<number, Call>()
  let link: Link | undefined
  let pauseMs = reconnectFirstMs
  let again: NodeJS.Timeout | undefined
  let closed = false
  let lastId = entranceId
  /** Why there is no connection now. */
  let hindrance: string | undefined
  let said = { reason: '', at: 0 }

  return {
    ask,
    close() {
      closed = true
      clearTimeout(again)
      link?.socket.destroy()
      for (const id of [...calls.keys()]) settle(id)?.reject(unavailable('the client was closed'))
    },
  }

  function ask(op: string, key?: string, args?: Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = ++lastId
      const repeatable = !changing.has(op)
      const waitMs = repeatable ? deadlineMs : Math.max(deadlineMs, changingDeadlineMsMin)
      const request = { ...framed(id, op, waitMs), ...(key ? { key } : {}), ...(args ? { args } : {}) }
      const timer = setTimeout(() => late(id, waitMs - deadlineMs), deadlineMs)
      const call: Call = { request, repeatable, on: undefined, resolve, reject, timer }
      calls.set(id, call)
      if (again !== undefined) return
      const present = connected()
      if (present.open) send(call, present)
    })
  }

  /** What was sent has all its time; what nobody could be asked has the usual. */
  function late(id: number, moreMs: number): void {
    const call = calls.get(id)
    if (call?.on && moreMs > 0) call.timer = setTimeout(() => late(id, 0), moreMs)
    else
      settle(id)?.reject(
        unavailable(call?.on ? say('it did not answer in time') : (hindrance ?? say('it lets nobody in'))),
      )
  }

  function send(call: Call, on: Link): void {
    call.on = on
    on.socket.write(`${JSON.stringify(call.request)}\n`)
  }

  function connected(): Link {
    if (link && !link.socket.destroyed) return link
    const fresh: Link = { socket: createConnection(path), open: false }
    const { socket } = fresh
    const hear = frameReader<Response>((response) => {
      if (response.id === entranceId) enter(fresh, response)
      else heard(response)
    })
    socket.on('connect', () => {
      if (!presenting) opened(fresh)
      else socket.write(`${JSON.stringify(framed(entranceId, 'challenge', deadlineMs))}\n`)
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        hear(chunk)
      } catch {
        socket.destroy()
      }
    })
    socket.on('error', (error) => {
      if (!fresh.open) hinder(error.message)
      socket.destroy()
    })
    socket.on('close', () => lost(fresh))
    link = fresh
    return fresh
  }

  function enter(on: Link, { ok, error }: Response): void {
    if (!presenting || on.open) return
    if (error) {
      hinder(error.message)
      on.socket.destroy()
    } else if (typeof ok?.nonce !== 'string') opened(on)
    else void answer(on, presenting, Buffer.from(ok.nonce, 'base64'))
  }

  async function answer(on: Link, { role, credential }: Presenting, nonce: Buffer): Promise<void> {
    try {
      const args = answerChallenge(role, await credential(), nonce)
      on.socket.write(`${JSON.stringify({ ...framed(entranceId, 'enter', deadlineMs), args })}\n`)
    } catch (error) {
      hinder((error as Error).message)
      on.socket.destroy()
    }
  }

  function opened(on: Link): void {
    on.open = true
    hindrance = undefined
    for (const call of calls.values()) if (!call.on) send(call, on)
  }

  function heard(response: Response): void {
    pauseMs = reconnectFirstMs
    const call = settle(response.id)
    if (response.ok) call?.resolve(response.ok)
    else {
      hears.refused()
      call?.reject(refusalOf(response.error))
    }
  }

  /** What waited on this connection is asked again on the next one, or its outcome is unknown. */
  function lost(on: Link): void {
    for (const [id, call] of [...calls]) {
      if (call.on !== on) continue
      call.on = undefined
      if (!call.repeatable) settle(id)?.reject(unavailable(say('the connection ended before the answer')))
    }
    if (closed || calls.size === 0 || again !== undefined) return
    again = setTimeout(() => {
      again = undefined
      connected()
    }, pauseMs)
    pauseMs = Math.min(reconnectMaxMs, pauseMs * 2)
  }

  function hinder(reason: string): void {
    hindrance = say(reason)
  }

  function say(reason: string): string {
    const at = monotonicMs()
    if (reason !== said.reason || at - said.at > saidAgainMs) {
      said = { reason, at }
      hears.hindered?.(reason)
    }
    return reason
  }

  function settle(id: number): Call | undefined {
    const call = calls.get(id)
    calls.delete(id)
    clearTimeout(call?.timer)
    return call
  }
}

function framed(id: number, op: string, waitMs: number): Request {
  return { v: protocolVersion, id, op, by: monotonicMs() + waitMs }
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

/** The reason is for operators and logs: whoever plays or signs in is told no more than that. */
function unavailable(reason: string): Refusal {
  return new Refusal(
    'unavailable',
    'keys.unavailable',
    'The key agent is not reachable at the moment.',
    undefined,
    new Error(reason),
  )
}
